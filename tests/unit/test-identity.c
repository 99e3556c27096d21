/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "base/strv.h"
#include "spec/name.h"
#include "state/identity.h"
#include "test.h"

/* What is derived from a path must never change: it names what is on people's disks. */
TEST(project_ids) {
        static const struct {
                const char *path, *id;
        } table[] = {
                {"/home/alice/shop", "shop-"},
                {"/home/alice/Shop", "shop-"},
                {"/home/alice/My Shop", "my-shop-"},
                {"/home/alice/a$b%c", "a-b-c-"},
                {"/home/alice/--a--b--", "a-b-"},
                {"/home/alice/---", "project-"},
                {"/home/alice/ ", "project-"},
                {"/home/alice/\303\244\303\266", "project-"},
                {"/home/alice/caf\303\251-2", "caf-2-"},
                {"/home/alice/\377\376x", "x-"},
                {"/home/alice/new\nline", "new-line-"},
                {"/home/alice/.dotfiles", "dotfiles-"},
                {"/home/alice/12345678901234567890", "12345678901234567890-"},
                {"/home/alice/123456789012345678901", "12345678901234567890-"},
                {"/home/alice/1234567890123456789-1", "1234567890123456789-"},
                {"/home/alice/shop/", "shop-"},
                {"/", "project-"},
                {"", "project-"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_free_ char *id = identity_project_id(table[i].path, 0);

                test_set_row("%s", table[i].path);
                ASSERT_TRUE(startswith(id, table[i].id));
                ASSERT_EQ(strlen(id), strlen(table[i].id) + 4);
                ASSERT_TRUE(identity_id_is_valid(id));
        }
}

TEST(project_id_is_stable) {
        _cleanup_free_ char *shop = identity_project_id("/home/alice/shop", 0),
                            *other = identity_project_id("/home/bob/shop", 0),
                            *bridge = identity_bridge_name("shop-a17e"),
                            *front = identity_network_name("shop-a17e", 'f');

        ASSERT_STREQ(shop, "shop-a17e");
        ASSERT_TRUE(!streq(shop, other));
        ASSERT_STREQ(bridge, "fc-bec99c14e5c");
        ASSERT_STREQ(front, "fc-bec99c14e5cf");
}

TEST(each_attempt_is_another_id) {
        _cleanup_strv_ char **ids = NULL;

        for (unsigned i = 0; i < 16; i++) {
                char *id = identity_project_id("/home/alice/shop", i);

                ASSERT_TRUE(identity_id_is_valid(id) && startswith(id, "shop-"));
                ASSERT_TRUE(!strv_contains(ids, id));
                strv_push_take(&ids, id);
        }
}

TEST(long_names) {
        char path[301];

        memset(path, 'A', sizeof(path) - 1);
        path[0] = '/';
        path[300] = '\0';
        _cleanup_free_ char *id = identity_project_id(path, 0);

        ASSERT_TRUE(startswith(id, "aaaaaaaaaaaaaaaaaaaa-"));
        ASSERT_EQ(strlen(id), (size_t) IDENTITY_ID_MAX);
}

TEST(invalid_ids) {
        static const char *const table[] = {"",          "shop",       "-3f2a",
                                            "shop-3f2",  "shop-3F2a",  "shop-3f2g",
                                            "Shop-3f2a", "sh/p-3f2a",  "../shop-3f2a",
                                            "sh.p-3f2a", "-shop-3f2a", "123456789012345678901-3f2a"};

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                test_set_row("%s", table[i]);
                ASSERT_TRUE(!identity_id_is_valid(table[i]));
        }
}

TEST(machine_names) {
        char container[NAME_LENGTH_MAX + 1], other[NAME_LENGTH_MAX + 1];
        _cleanup_free_ char *plain = identity_machine_name("shop-3f2a", "db");

        ASSERT_STREQ(plain, "shop-3f2a-db");

        for (size_t n = 1; n <= NAME_LENGTH_MAX; n++) {
                _cleanup_free_ char *a = NULL, *again = NULL, *b = NULL;

                memset(container, 'x', n);
                container[n] = '\0';
                memcpy(other, container, n + 1);
                other[n - 1] = 'y';
                test_set_row("%zu characters", n);
                a = identity_machine_name("12345678901234567890-3f2a", container);
                again = identity_machine_name("12345678901234567890-3f2a", container);
                b = identity_machine_name("12345678901234567890-3f2a", other);
                ASSERT_TRUE(strlen(a) <= IDENTITY_MACHINE_MAX);
                ASSERT_STREQ(a, again);
                ASSERT_TRUE(!streq(a, b));
                ASSERT_TRUE(startswith(a, "12345678901234567890-3f2a-x") || n == 0);
                ASSERT_TRUE(strspn(a, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(a));
                ASSERT_TRUE(a[strlen(a) - 1] != '-' && !strstr(a, "--"));
        }
}

/* Cut right behind a dash, the name would have two in a row. */
TEST(machine_name_cut_at_dash) {
        _cleanup_free_ char *name = identity_machine_name(
                "12345678901234567890-3f2a", "aaaaaaaaaaaaaaaaaaaaaaaa-bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb");

        ASSERT_TRUE(strlen(name) <= IDENTITY_MACHINE_MAX);
        ASSERT_TRUE(!strstr(name, "--"));
}

TEST(bridge_names) {
        _cleanup_free_ char *a = identity_bridge_name("shop-3f2a"), *b = identity_bridge_name("shop-3f2b");

        ASSERT_EQ(strlen(a), 14u);
        ASSERT_TRUE(startswith(a, "fc-"));
        ASSERT_EQ(strspn(a + 3, "0123456789abcdef"), 11u);
        ASSERT_TRUE(!streq(a, b));
}

TEST(ids_of_machines) {
        static const struct {
                const char *machine, *id;
        } table[] = {
                {"shop-3f2a-db", "shop-3f2a"},
                {"my-shop-3f2a-my-db", "my-shop-3f2a"},
                {"shop-3f2a-beef-db", "shop-3f2a"},
                {"shop-3f2a-", NULL},
                {"shop-3f2a", NULL},
                {"shop", NULL},
                {"", NULL},
                {"Shop-3f2a-db", NULL},
                {"../x-3f2a-db", NULL},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_free_ char *id = identity_of_machine(table[i].machine);

                test_set_row("%s", table[i].machine);
                ASSERT_STREQ(id, table[i].id);
        }
}
