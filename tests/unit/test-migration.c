/* SPDX-License-Identifier: MIT */

#include "project-util.h"
#include "project/migration.h"

TEST(texts) {
        static const struct {
                const char *text;
                bool good;
        } table[] = {
                {"rootless looking 0 1000 1000 100000 100000\n", true},
                {"root changing 1 1000 100 200000 300000\n", true},
                {"", false},
                {"\n", false},
                {"rootless looking 0 1000 1000 100000 100000", false},
                {"rootless looking 0 1000 1000 100000\n", false},
                {"rootless looking 0 1000 1000 100000 100000 1\n", false},
                {"rootless looking 0 1000 1000 100000 100000 \n", false},
                {"rootless looking 0  1000 1000 100000 100000\n", false},
                {"Rootless looking 0 1000 1000 100000 100000\n", false},
                {"root going 0 1000 1000 100000 100000\n", false},
                {"root looking 1 1000 1000 100000 100000\n", false},
                {"root changing 2 1000 1000 100000 100000\n", false},
                {"root changing -1 1000 1000 100000 100000\n", false},
                {"root changing 01 1000 1000 100000 100000\n", false},
                {"root changing 0 1000 1000 4294967295 100000\n", false},
                {"root changing 0 1000 1000 99999999999 100000\n", false},
                {"root changing 0 1000 1000 100000 100000\n\n", false},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_free_ char *printed = NULL;
                Migration m;

                test_set_row("%s", table[i].text);
                ASSERT_EQ(migration_parse(table[i].text, &m), table[i].good);
                if (!table[i].good)
                        continue;
                printed = migration_print(&m);
                ASSERT_STREQ(printed, table[i].text);
        }
}

TEST(remembers) {
        const Migration m = {true, 1, true, 1000, 100, 200000, 300000};
        _cleanup_(state_dir_done) StateDir dir = STATE_DIR_NULL;
        _cleanup_(error_done) Error error = ERROR_NULL;
        Migration again;
        bool there;
        TEST_DIR(root);

        dir.root = xstrdup(root.path);
        ASSERT_OK(migration_read(&dir, &there, &again, &error), &error);
        ASSERT_TRUE(!there);
        dir.user.uid = geteuid();
        dir.user.gid = getegid();
        dir.fd = openat(root.fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        ASSERT_OK(migration_read(&dir, &there, &again, &error), &error);
        ASSERT_TRUE(!there);
        ASSERT_OK(migration_write(&dir, &m, &error), &error);
        ASSERT_OK(migration_read(&dir, &there, &again, &error), &error);
        ASSERT_TRUE(there && again.rootless && again.changing && again.pass == 1 && again.subgid == 300000);
        ASSERT_OK(migration_remove(&dir, &error), &error);
        ASSERT_OK(migration_read(&dir, &there, &again, &error), &error);
        ASSERT_TRUE(!there);
        ASSERT_TRUE(mkdirat(dir.fd, MIGRATION_FILE, 0700) >= 0);
        ASSERT_ERROR(migration_read(&dir, &there, &again, &error), &error, FC_EXIT_CONFLICT, MIGRATION_FILE);
        error_done(&error);
        ASSERT_TRUE(unlinkat(dir.fd, MIGRATION_FILE, AT_REMOVEDIR) >= 0);
        ASSERT_OK(fs_write_fleeting(dir.fd, MIGRATION_FILE, "root", 4, 0644, &error), &error);
        ASSERT_ERROR(migration_read(&dir, &there, &again, &error), &error, FC_EXIT_CONFLICT, "is damaged");
}
