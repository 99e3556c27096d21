/* SPDX-License-Identifier: MIT */

#include <sched.h>
#include <sys/mount.h>

#include "host/facts.h"
#include "project-util.h"

TEST(this_machine) {
        _cleanup_(facts_done) HostFacts facts = {};
        _cleanup_(error_done) Error error = ERROR_NULL;

        ASSERT_OK(facts_gather(&facts, &error), &error);
        ASSERT_EQ(strlen(facts.boot_id), 32u);
        ASSERT_EQ(strspn(facts.boot_id, "0123456789abcdef"), 32u);
        ASSERT_TRUE(facts.kernel && facts.kernel[0] >= '0' && facts.kernel[0] <= '9');
        ASSERT_TRUE(!facts.nspawn || access(facts.nspawn, X_OK) == 0);
        ASSERT_TRUE(!facts.cgroup_unified || streq(facts.cgroup_root, "/sys/fs/cgroup"));
}

TEST(mountinfo) {
#define HYBRID                                                                                              \
        "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"                               \
        "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime shared:4 - cgroup2 cgroup2 rw\n"
        static const struct {
                const char *text, *path;
        } table[] = {
                {"", NULL},
                {"\n\n", NULL},
                {"garbage", NULL},
                {"1 2 3 4", NULL},
                {"31 23 0:28 / /x rw - tmpfs cgroup2 rw\n", NULL},
                {"31 23 0:28 / /x rw - cgroup cgroup rw,cpu\n", NULL},
                {"31 23 0:28 / /x rw - cgroup2", NULL},
                {HYBRID, "/sys/fs/cgroup/unified"},
                {HYBRID "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup rw\n", "/sys/fs/cgroup"},
                {"30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 master:3 - cgroup2 cgroup rw,nsdelegate",
                 "/sys/fs/cgroup"},
                {"30 23 0:26 / /a\\040b\\134c\\011\\012 rw - cgroup2 none rw\n", "/a b\\c\t\n"},
                {"30 23 0:26 / /a\\04 rw - cgroup2 none rw\n", "/a\\04"},
                {"30 23 0:26 / /a\\ rw - cgroup2 none rw\n", "/a\\"},
                {"30 23 0:26 / /first rw - cgroup2 x rw\n31 23 0:26 / /second rw - cgroup2 x rw\n",
                 "/first"},
                {"30 23 0:26 /docker/x /sys/fs/cgroup ro - cgroup2 x rw\n31 23 0:26 / /whole rw - cgroup2 x "
                 "rw\n",
                 "/whole"},
                {"30 23 0:26 /docker/x /part ro - cgroup2 x rw\n", "/part"},
                /* The type of the next line is not that of this one. */
                {"30 23 0:26 / /x rw\n31 23 0:26 / /y rw - cgroup2 x rw\n", "/y"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_free_ char *path = facts_parse_mountinfo(table[i].text);

                test_set_row("%zu", i);
                ASSERT_STREQ(path, table[i].path);
        }
}

TEST(what_is_missing_is_told) {
        static const struct {
                HostFacts facts;
                int needs;
                const char *message, *hint;
        } table[] = {
                {{}, FACTS_NSPAWN | FACTS_CGROUP, "systemd-nspawn is not installed", "systemd-container"},
                {{.nspawn = (char *) "/x"},
                 FACTS_NSPAWN | FACTS_CGROUP,
                 "cgroup2 file system is not mounted",
                 "mount -t cgroup2"},
        };
        HostFacts nothing = {};

        ASSERT_OK(facts_require(&nothing, 0, NULL));
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;

                test_set_row("%zu", i);
                ASSERT_ERROR(facts_require(&table[i].facts, table[i].needs, &error), &error, FC_EXIT_HOST,
                             table[i].message);
                ASSERT_TRUE(error.hints && strstr(error.hints[0], table[i].hint));
        }
}

TEST(nspawn_version) {
        static const struct {
                const char *script;
                int major;
                const char *message;
        } table[] = {
                {"echo 'systemd 252 (252.39-1~deb12u1)'; echo '+PAM'", 252, NULL},
                {"echo 'systemd 257~rc1 (257)'", 257, NULL},
                {"echo 'Systemd 252'", 0, "ask"},
                {"exit 0", 0, "ask"},
                {"echo 'systemd 252'; exit 3", 0, "exit status 3"},
        };

        TEST_DIR(dir);
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                _cleanup_free_ char *text = NULL, *program = xasprintf("%s/nspawn", dir.path);
                HostFacts facts = {.nspawn = program};
                unsigned major = 0;
                int r;

                test_set_row("%zu", i);
                ASSERT_EQ(test_shell(&dir, "printf '#!/bin/sh\\n%%s\\n' \"%s\" > nspawn; chmod +x nspawn",
                                     table[i].script),
                          0);
                r = facts_nspawn_version(&facts, &major, &text, &error);
                if (!table[i].message) {
                        ASSERT_OK(r, &error);
                        ASSERT_EQ(major, (unsigned) table[i].major);
                        ASSERT_TRUE(startswith(text, "systemd 25") && !strchr(text, '\n'));
                } else
                        ASSERT_ERROR(r, &error, FC_EXIT_HOST, table[i].message);
        }
}

/* Whatever the environment says. */
TEST(nspawn_of_trusted_places) {
        _cleanup_(facts_done) HostFacts before = {}, facts = {};
        _cleanup_free_ char *bin = NULL, *old = xstrdup(getenv("PATH"));

        TEST_DIR(dir);
        ASSERT_EQ(test_shell(&dir, "mkdir bin && cp /bin/true bin/systemd-nspawn"), 0);
        bin = xasprintf("%s/bin", dir.path);
        ASSERT_OK(facts_gather(&before, NULL));
        (void) setenv("PATH", bin, 1);
        ASSERT_OK(facts_gather(&facts, NULL));
        (void) setenv("PATH", old, 1);
        ASSERT_STREQ(facts.nspawn, before.nspawn);
}

TEST(mounts) {
        static const struct {
                const char *text, *path, *found; /* as "POINT TYPE, .." */
        } table[] = {
                {"", "/a", ""},
                {"garbage\n\n7", "/a", ""},
                {"7 1 0:1 / / rw - ext4 d rw\n", "/a", "/a ext4, "},
                {"7 1 0:1 / / rw shared:1 master:2 - fuse.sshfs d rw", "/a", "/a fuse.sshfs, "},
                {"7 1 0:1 / / rw", "/a", "/a unknown, "},
                {"9 7 0:1 / /a/b rw - tmpfs t rw\n", "/a", "/a/b tmpfs, "},
                {"9 7 0:1 / /a/b rw - tmpfs t rw\n", "/a/b", ""},
                {"9 7 0:1 / /ab rw - tmpfs t rw\n", "/a", ""},
                {"9 7 0:1 / /a/b rw - tmpfs t rw\n", "/", "/a/b tmpfs, "},
                {"9 7 0:1 / /a\\040b/c\\134 rw - tmpfs t rw", "/a b", "/a b/c\\ tmpfs, "},
                /* Of another mount at the same place, which this one covers or is covered by. */
                {"9 6 0:1 / /a/b rw - tmpfs t rw\n", "/a", ""},
                {"9 6 0:1 / /a/b rw - t t rw\n10 7 0:2 / /a/c/d rw - u t rw\n", "/a", "/a/c/d u, "},
                /* In one of those that are in it. */
                {"9 7 0:1 / /a/b rw - t t rw\n10 9 0:2 / /a/b/c rw - u t rw\n", "/a", "/a/b t, /a/b/c u, "},
                {"9 7 0:1 / /x rw - t t rw\n10 9 0:2 / /a/b rw - u t rw\n", "/a", ""},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_free_ char *found = xstrdup("");
                HostMount *mounts = NULL;
                size_t n = facts_parse_mounts(table[i].text, 7, table[i].path, &mounts);

                for (size_t j = 0; j < n; j++) {
                        char *more = xasprintf("%s%s %s, ", found, mounts[j].point, mounts[j].type);

                        free(found);
                        found = more;
                }
                host_mounts_done(mounts, n);
                test_set_row("%zu", i);
                ASSERT_STREQ(found, table[i].found);
        }
}
