/* SPDX-License-Identifier: MIT */

#include <sys/fsuid.h>

#include "host/user.h"
#include "project-util.h"

typedef struct Variables {
        const char *sudo_uid, *sudo_gid, *pkexec_uid, *doas_user;
} Variables;

static void set(const char *name, const char *value) {
        (void) (value ? setenv(name, value, 1) : unsetenv(name));
}

static void set_all(const Variables *v) {
        set("SUDO_UID", v->sudo_uid);
        set("SUDO_GID", v->sudo_gid);
        set("PKEXEC_UID", v->pkexec_uid);
        set("DOAS_USER", v->doas_user);
}

TEST(root_is_told_who_invoked_it) {
        static const struct {
                Variables v;
                uid_t uid;
                gid_t gid;
        } table[] = {
                {{}, 0, 0},
                {{.sudo_uid = "1000", .sudo_gid = "1001"}, 1000, 1001},
                {{.sudo_uid = "0", .sudo_gid = "0"}, 0, 0},
                {{.sudo_uid = "4294967294", .sudo_gid = "5"}, 4294967294u, 5},
                {{.sudo_uid = "1", .sudo_gid = "7", .pkexec_uid = "2", .doas_user = "daemon"}, 1, 7},
                {{.sudo_uid = "1"}, 1, 1}, /* daemon, in every Debian */
                {{.pkexec_uid = "1"}, 1, 1},
                {{.doas_user = "daemon"}, 1, 1},
                {{.sudo_gid = "5"}, 0, 0},
        };

        SKIP_UNLESS_ROOT();
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                InvokingUser user;
                _cleanup_(error_done) Error error = ERROR_NULL;

                test_set_row("%zu", i);
                set_all(&table[i].v);
                ASSERT_OK(user_invoking(&user, &error), &error);
                ASSERT_EQ(user.uid, table[i].uid);
                ASSERT_EQ(user.gid, table[i].gid);
        }
        test_clear_environment();
}

TEST(root_refuses_nonsense) {
        static const struct {
                Variables v;
                const char *message;
        } table[] = {
                {{.sudo_uid = ""}, "SUDO_UID=''"},
                {{.sudo_uid = "alice"}, "SUDO_UID='alice'"},
                {{.sudo_uid = "-1"}, "SUDO_UID"},
                {{.sudo_uid = "+1"}, "SUDO_UID"},
                {{.sudo_uid = " 1"}, "SUDO_UID"},
                {{.sudo_uid = "1 "}, "SUDO_UID"},
                {{.sudo_uid = "01"}, "SUDO_UID"},
                {{.sudo_uid = "0x10"}, "SUDO_UID"},
                {{.sudo_uid = "4294967295"}, "SUDO_UID"},
                {{.sudo_uid = "4294967296"}, "SUDO_UID"},
                {{.sudo_uid = "18446744073709551616"}, "SUDO_UID"},
                {{.sudo_uid = "1000", .sudo_gid = "x"}, "SUDO_GID='x'"},
                {{.sudo_uid = "1000", .sudo_gid = ""}, "SUDO_GID"},
                {{.sudo_uid = "3999999999"}, "not a user of this system"},
                {{.pkexec_uid = "x"}, "PKEXEC_UID='x'"},
                {{.pkexec_uid = "3999999999"}, "not a user of this system"},
                {{.doas_user = "no-such-user-here"}, "DOAS_USER='no-such-user-here'"},
                {{.doas_user = ""}, "DOAS_USER"},
        };

        SKIP_UNLESS_ROOT();
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                InvokingUser user = {.uid = 77};

                test_set_row("%zu", i);
                set_all(&table[i].v);
                ASSERT_ERROR(user_invoking(&user, &error), &error, FC_EXIT_USAGE, table[i].message);
                ASSERT_EQ(user.uid, 77u);
        }
        test_clear_environment();
}

static void ignores_environment(const TestDir *dir) {
        InvokingUser user;

        set_all(&(Variables){.sudo_uid = "0", .sudo_gid = "0", .pkexec_uid = "x", .doas_user = "root"});
        ASSERT_OK(user_invoking(&user, NULL));
        ASSERT_EQ(user.uid, (uid_t) TEST_UID);
        ASSERT_EQ(user.gid, (gid_t) TEST_UID);
}

TEST(user_cannot_claim_to_be_another) {
        SKIP_UNLESS_ROOT();
        test_as_user(TEST_UID, ignores_environment, NULL);
}

TEST(who_makes_files) {
        static const struct {
                uid_t invoking, owner, expected;
        } table[] = {
                {0, 0, 0}, {0, 1000, 1000}, {1000, 0, 0}, {1000, 1000, 1000}, {1000, 1001, 1000},
        };

        SKIP_UNLESS_ROOT();
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                InvokingUser invoking = {.uid = table[i].invoking, .gid = table[i].invoking}, user;

                test_set_row("%zu", i);
                user_for_owner(&invoking, table[i].owner, table[i].owner, &user);
                ASSERT_EQ(user.uid, table[i].expected);
                ASSERT_EQ(user.gid, table[i].expected);
        }
}

TEST(files_are_the_users) {
        _cleanup_(user_fs_leave) UserFs guard = USER_FS_NULL;
        _cleanup_(error_done) Error error = ERROR_NULL;
        InvokingUser user = {.uid = TEST_UID, .gid = TEST_UID + 1};
        gid_t before[64], after[64];
        int n_before, n_after;
        struct stat st;

        SKIP_UNLESS_ROOT();
        TEST_DIR(dir);
        ASSERT_OK(mkdirat(dir.fd, "open", 0700));
        ASSERT_OK(fchownat(dir.fd, "open", TEST_UID, TEST_UID, 0));
        ASSERT_OK(mkdirat(dir.fd, "closed", 0700));
        n_before = getgroups(64, before);

        ASSERT_OK(user_fs_enter(&user, &guard, &error), &error);
        ASSERT_OK(mkdirat(dir.fd, "open/x", 0755));
        /* Root's power over permissions is gone meanwhile. */
        ASSERT_TRUE(mkdirat(dir.fd, "closed/x", 0755) < 0 && errno == EACCES);
        user_fs_leave(&guard);
        user_fs_leave(&guard);

        ASSERT_OK(mkdirat(dir.fd, "closed/x", 0755));
        ASSERT_OK(fstatat(dir.fd, "open/x", &st, 0));
        ASSERT_EQ(st.st_uid, (uid_t) TEST_UID);
        ASSERT_EQ(st.st_gid, (gid_t) TEST_UID + 1);
        ASSERT_OK(fstatat(dir.fd, "closed/x", &st, 0));
        ASSERT_EQ(st.st_uid, 0u);
        ASSERT_EQ(setfsuid((uid_t) -1), 0);
        ASSERT_EQ(setfsgid((gid_t) -1), 0);
        n_after = getgroups(64, after);
        ASSERT_EQ(n_before, n_after);
        ASSERT_TRUE(n_before <= 0 || memcmp(before, after, (size_t) n_before * sizeof(gid_t)) == 0);
}

/* A tree that belongs to a group which the user is in. */
TEST(supplementary_groups_count) {
        _cleanup_(user_fs_leave) UserFs guard = USER_FS_NULL;
        InvokingUser user = {.uid = TEST_UID, .gid = TEST_UID, .groups = {TEST_UID, 54321}, .n_groups = 2};

        SKIP_UNLESS_ROOT();
        TEST_DIR(dir);
        ASSERT_OK(fchown(dir.fd, 0, 54321));
        ASSERT_OK(fchmod(dir.fd, 0770));
        ASSERT_OK(user_fs_enter(&user, &guard, NULL));
        ASSERT_OK(mkdirat(dir.fd, "x", 0755));
        user_fs_leave(&guard);
}

static void enters_as_itself(const TestDir *dir) {
        _cleanup_(user_fs_leave) UserFs guard = USER_FS_NULL;
        InvokingUser user;

        ASSERT_OK(user_invoking(&user, NULL));
        ASSERT_OK(user_fs_enter(&user, &guard, NULL));
        ASSERT_TRUE(!guard.entered);
}

TEST(nothing_to_do_for_a_user) {
        SKIP_UNLESS_ROOT();
        test_as_user(TEST_UID, enters_as_itself, NULL);
}

TEST(names) {
        _cleanup_free_ char *root = user_name(0), *nobody = user_name(3999999999u);

        ASSERT_STREQ(root, "root");
        ASSERT_STREQ(nobody, "uid 3999999999");
}
