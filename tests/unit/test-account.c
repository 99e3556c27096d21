/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "enter/account.h"
#include "test.h"

static const char passwd[] = "root:x:0:0:root:/root:/bin/bash\n"
                             "# a comment\n"
                             "broken:x:1\n"
                             "badid:x:-5:5::/:/bin/sh\n"
                             "hugeid:x:4294967295:5::/:/bin/sh\n"
                             "www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\n"
                             "postgres:x:999:990:PostgreSQL:/var/lib/postgresql:/bin/bash\n"
                             "1001:x:5000:5000::/numeric-name:/bin/sh\n"
                             "nohome:x:1002:1002:::\n"
                             "relative:x:1003:1003::home:bin/sh\n"
                             "colons:x:1004:1004::/h:/bin/sh:extra\n"
                             "last:x:1005:1005::/last:/bin/dash";

static const char group[] = "root:x:0:\n"
                            "adm:x:4:postgres,www-data\n"
                            "ssl-cert:x:101:postgres\n"
                            "postgres:x:990:postgres\n"
                            "broken\n"
                            "like:x:102:postgresql,xpostgres\n"
                            "empty:x:103:,,postgres,";

TEST(finds_users_by_name_and_number) {
        static const struct {
                const char *user;
                bool known;
                const char *name;
                uint32_t uid, gid;
                const char *home, *shell;
        } table[] = {
                {NULL, true, "root", 0, 0, "/root", "/bin/bash"},
                {"root", true, "root", 0, 0, "/root", "/bin/bash"},
                {"0", true, "root", 0, 0, "/root", "/bin/bash"},
                {"postgres", true, "postgres", 999, 990, "/var/lib/postgresql", "/bin/bash"},
                {"999", true, "postgres", 999, 990, "/var/lib/postgresql", "/bin/bash"},
                /* Shells that only say no are of no use here. */
                {"www-data", true, "www-data", 33, 33, "/var/www", "/bin/sh"},
                {"nohome", true, "nohome", 1002, 1002, "/", "/bin/sh"},
                {"relative", true, "relative", 1003, 1003, "/", "/bin/sh"},
                {"last", true, "last", 1005, 1005, "/last", "/bin/dash"},
                {"nobody", false, "nobody", 0, 0, "/", "/bin/sh"},
                {"4711", false, "4711", 4711, 4711, "/", "/bin/sh"},
                /* A number is a uid, whatever names there are. */
                {"1001", false, "1001", 1001, 1001, "/", "/bin/sh"},
                {"broken", false, "broken", 0, 0, "/", "/bin/sh"},
                {"badid", false, "badid", 0, 0, "/", "/bin/sh"},
                {"hugeid", false, "hugeid", 0, 0, "/", "/bin/sh"},
                {"4294967295", false, "4294967295", 0, 0, "/", "/bin/sh"},
                {"4711x", false, "4711x", 0, 0, "/", "/bin/sh"},
                {"0x10", false, "0x10", 0, 0, "/", "/bin/sh"},
                {"-1", false, "-1", 0, 0, "/", "/bin/sh"},
                {"post", false, "post", 0, 0, "/", "/bin/sh"},
                {"", false, "", 0, 0, "/", "/bin/sh"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(account_done) Account a = {0};

                test_set_row("%s", table[i].user ? table[i].user : "(NULL)");
                account_find(passwd, group, table[i].user, &a);
                ASSERT_EQ(a.known, table[i].known);
                ASSERT_EQ(a.has_uid, table[i].known || table[i].uid != 0);
                ASSERT_STREQ(a.name, table[i].name);
                ASSERT_STREQ(a.home, table[i].home);
                ASSERT_STREQ(a.shell, table[i].shell);
                if (table[i].known || table[i].uid != 0) {
                        ASSERT_EQ(a.uid, table[i].uid);
                        ASSERT_EQ(a.gid, table[i].gid);
                }
        }
}

TEST(finds_supplementary_groups) {
        _cleanup_(account_done) Account a = {0};

        account_find(passwd, group, "postgres", &a);
        ASSERT_EQ(a.n_groups, (size_t) 3);
        ASSERT_EQ(a.groups[0], 4u);
        ASSERT_EQ(a.groups[1], 101u);
        ASSERT_EQ(a.groups[2], 103u);
}

TEST(takes_a_group_beside_the_user) {
        static const struct {
                const char *user, *name, *group;
                uint32_t uid, gid;
                bool has_gid;
        } table[] = {
                {"postgres:adm", "postgres", "adm", 999, 4, true},
                {"postgres:4711", "postgres", "4711", 999, 4711, true},
                {"1000:1000", "1000", "1000", 1000, 1000, true},
                {"0:0", "root", "0", 0, 0, true},
                {"root:postgres", "root", "postgres", 0, 990, true},
                /* What the user's own is stays, where there is no such group. */
                {"postgres:absent", "postgres", "absent", 999, 990, false},
                {"postgres:broken", "postgres", "broken", 999, 990, false},
                {"postgres:", "postgres", "", 999, 990, false},
                {"postgres:a:b", "postgres", "a:b", 999, 990, false},
                {"postgres:4294967295", "postgres", "4294967295", 999, 990, false},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(account_done) Account a = {0};

                test_set_row("%s", table[i].user);
                account_find(passwd, group, table[i].user, &a);
                ASSERT_STREQ(a.name, table[i].name);
                ASSERT_STREQ(a.group, table[i].group);
                ASSERT_EQ(a.uid, table[i].uid);
                ASSERT_EQ(a.gid, table[i].gid);
                ASSERT_EQ(a.has_gid, table[i].has_gid);
                for (size_t k = 0; k < a.n_groups; k++)
                        ASSERT_TRUE(a.groups[k] != a.gid);
        }
}

TEST(refuses_who_is_not_there) {
        static const struct {
                const char *user;
                const char *alone, *by_manager; /* what is said; NULL: fine */
        } table[] = {
                {"postgres", NULL, NULL},
                {"4711:4712", NULL, NULL},
                {"of-userdb", "container 'box' has no user 'of-userdb'", NULL},
                {"a b", "container 'box' has no user 'a b'", "container 'box' has no user 'a b'"},
                {"", "container 'box' has no user ''", "container 'box' has no user ''"},
                {"-1", "container 'box' has no user '-1'", "container 'box' has no user '-1'"},
                {"4294967295", "container 'box' has no user '4294967295'",
                 "container 'box' has no user '4294967295'"},
                {"..", "container 'box' has no user '..'", "container 'box' has no user '..'"},
                {"postgres:of-userdb", "container 'box' has no group 'of-userdb'", NULL},
                {"postgres:", "container 'box' has no group ''", "container 'box' has no group ''"},
                {"postgres:a:b", "container 'box' has no group 'a:b'", "container 'box' has no group 'a:b'"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table) * 2; i++) {
                const char *expected = i % 2 ? table[i / 2].by_manager : table[i / 2].alone;
                _cleanup_(account_done) Account a = {0};
                _cleanup_(error_done) Error error = ERROR_NULL;
                _cleanup_free_ char *text = NULL;

                test_set_row("%s", table[i / 2].user);
                account_find(passwd, group, table[i / 2].user, &a);
                ASSERT_EQ(account_check(&a, i % 2, "box", &error) < 0, expected != NULL);
                text = error_text(&error);
                ASSERT_STREQ(text, expected);
                ASSERT_TRUE(!expected || error.exit == FC_EXIT_EXEC_OWN);
        }
}

TEST(root_exists_without_files) {
        static const char *const users[] = {NULL, "root", "0"};

        for (size_t i = 0; i < ELEMENTSOF(users); i++) {
                _cleanup_(account_done) Account a = {0};

                account_find(NULL, NULL, users[i], &a);
                ASSERT_TRUE(a.known);
                ASSERT_EQ(a.uid, 0u);
                ASSERT_STREQ(a.shell, "/bin/sh");
        }
        {
                _cleanup_(account_done) Account a = {0};

                account_find(NULL, NULL, "postgres", &a);
                ASSERT_TRUE(!a.known);
        }
}
