/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "plan/boot-unit.h"
#include "spec/spec-parse.h"
#include "test.h"

/* That systemd reads each path as it is meant is tested with a real one, in tests/host/enable. */

#define CHECKOUT "1 2 3 4 ab /home/me/shop"

static BootUnit unit_at(const char *root) {
        return (BootUnit){
                .root = xstrdup(root),
                .checkout = xstrdup(CHECKOUT),
                .program = xstrdup("/usr/bin/flake-containers"),
                .uid = 1000,
                .gid = 100,
                .stop_usec = 40 * USEC_PER_SEC,
        };
}

#define UNIT(name, root) _cleanup_(boot_unit_done) BootUnit name = unit_at(root)

TEST(prints_all_of_it) {
        static const char expected[] =
                "# Made by flake-containers enable; flake-containers disable removes it.\n"
                "\n"
                "[Unit]\n"
                "Description=Containers of /home/me/shop (flake-containers)\n"
                "Documentation=man:flake-containers-enable(1)\n"
                "IgnoreOnIsolate=yes\n"
                "ConditionPathExists=/home/me/shop\n"
                "RequiresMountsFor=\"/home/me/shop\" \"/usr/bin/flake-containers\"\n"
                "Wants=machines.target\n"
                "After=machines.target dbus.service network.target network-online.target "
                "remote-fs.target nss-user-lookup.target\n"
                "X-FlakeContainersCheckout=" CHECKOUT "\n"
                "X-FlakeContainersNames=db web\n"
                "X-FlakeContainersUser=1000\n"
                "\n"
                "[Service]\n"
                "Type=oneshot\n"
                "RemainAfterExit=yes\n"
                "Environment=SUDO_UID=1000 SUDO_GID=100\n"
                "ExecStart=\":/usr/bin/flake-containers\" \"--root=/home/me/shop\" --progress=plain up "
                "--no-build db web\n"
                "ExecStop=\":/usr/bin/flake-containers\" \"--root=/home/me/shop\" --progress=plain down "
                "db web\n"
                "# `up` has a deadline of its own for each container.\n"
                "TimeoutStartSec=infinity\n"
                "TimeoutStopSec=40\n"
                "\n"
                "[Install]\n"
                "WantedBy=multi-user.target\n";
        _cleanup_(boot_unit_done) BootUnit again = {};
        _cleanup_free_ char *text = NULL;
        UNIT(unit, "/home/me/shop");

        strv_push(&unit.names, "db");
        strv_push(&unit.names, "web");
        ASSERT_OK(boot_unit_print(&unit, &text, NULL));
        ASSERT_STREQ(text, expected);
        ASSERT_TRUE(boot_unit_parse(text, strlen(text), &again));
        ASSERT_STREQ(again.checkout, CHECKOUT);
        ASSERT_TRUE(strv_equal(again.names, unit.names));
        ASSERT_STREQ(again.user, "1000");
}

/* What a user's systemd does not have is not named, and no user. */
TEST(prints_that_of_a_user) {
        static const char *const absent[] = {"SUDO_", "machines.target", "network", "Mounts", "multi-user"};
        static const char *const present[] = {
                "\nExecStart=\":/usr/bin/flake-containers\" --rootless \"--root=/home/me/shop\" ",
                " --progress=plain up",
                "\nExecStop=\":/usr/bin/flake-containers\" --rootless \"--root=/home/me/shop\" ",
                "\nX-FlakeContainersUser=1000\n",
                "\nWantedBy=default.target\n",
        };
        UNIT(unit, "/home/me/shop");
        _cleanup_free_ char *text = NULL;

        unit.rootless = unit.online = true;
        ASSERT_OK(boot_unit_print(&unit, &text, NULL));
        for (size_t i = 0; i < ELEMENTSOF(absent); i++)
                ASSERT_TRUE(!strstr(text, absent[i]));
        for (size_t i = 0; i < ELEMENTSOF(present); i++)
                ASSERT_TRUE(strstr(text, present[i]));
}

/* Root's own project, all containers, another specification, the internet. */
TEST(leaves_out_what_is_not_so) {
        _cleanup_(boot_unit_done) BootUnit again = {};
        _cleanup_free_ char *text = NULL;
        UNIT(unit, "/srv");

        unit.uid = 0;
        unit.online = true;
        unit.spec = xstrdup("/etc/a spec.json");
        ASSERT_OK(boot_unit_print(&unit, &text, NULL));
        ASSERT_TRUE(!strstr(text, "SUDO_UID"));
        ASSERT_TRUE(strstr(text, "\nWants=machines.target network-online.target\n"));
        ASSERT_TRUE(strstr(text, " \"--spec=/etc/a spec.json\" --progress=plain up --no-build\n"));
        ASSERT_TRUE(strstr(text, " down\n"));
        ASSERT_TRUE(strstr(text, "RequiresMountsFor=\"/srv\" \"/usr/bin/flake-containers\" \"/etc/a "
                                 "spec.json\"\n"));
        ASSERT_TRUE(boot_unit_parse(text, strlen(text), &again));
        ASSERT_TRUE(!again.names);
        ASSERT_STREQ(again.user, "0");
}

TEST(quotes_for_systemd) {
        static const struct {
                const char *root, *condition, *word;
        } table[] = {
                {"/a b", "/a b", "\"--root=/a b\""},
                {"/$HOME", "/$HOME", "\"--root=/$HOME\""},
                {"/100%n", "/100%%n", "\"--root=/100%%n\""},
                {"/a\"b'c", "/a\"b'c", "\"--root=/a\\\"b'c\""},
                {"/a\\x20b", "/a\\x20b", "\"--root=/a\\\\x20b\""},
                {"/;", "/;", "\"--root=/;\""},
                {"/\xc3\xbc", "/\xc3\xbc", "\"--root=/\xc3\xbc\""},
                {"/", "/", "\"--root=/\""},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_free_ char *condition = xasprintf("\nConditionPathExists=%s\n", table[i].condition),
                                    *word = xasprintf(" %s ", table[i].word), *text = NULL;
                UNIT(unit, table[i].root);

                test_set_row("%s", table[i].root);
                ASSERT_OK(boot_unit_print(&unit, &text, NULL));
                ASSERT_TRUE(strstr(text, condition));
                ASSERT_TRUE(strstr(text, word));
        }
}

TEST(refuses_what_a_unit_cannot_hold) {
        static const struct {
                const char *root, *message;
        } table[] = {
                {"/a\nb", "has a character"},  {"/a\tb", "has a character"}, {"/a\x7f", "has a character"},
                {"/a\xff", "has a character"}, {"/a ", "ends in a way"},     {"/a\\", "ends in a way"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                _cleanup_free_ char *text = NULL;
                UNIT(unit, table[i].root);

                test_set_row("%zu", i);
                ASSERT_ERROR(boot_unit_print(&unit, &text, &error), &error, FC_EXIT_USAGE, table[i].message);
                error_done(&error);
                free(unit.root);
                unit.root = xstrdup("/srv");
                unit.spec = xstrdup(table[i].root);
                ASSERT_ERROR(boot_unit_print(&unit, &text, &error), &error, FC_EXIT_USAGE,
                             "the specification");
        }
}

#define LINES(checkout, names, user)                                                                        \
        "[Unit]\nX-FlakeContainersCheckout=" checkout "\nX-FlakeContainersNames=" names                     \
        "\nX-FlakeContainersUser=" user "\n"

/* NixOS sorts them, and puts others between. */
TEST(reads_what_nixos_has_written) {
        static const char text[] = "[Unit]\nX-FlakeContainersCheckout=/srv/a b\nWants=a\n"
                                   "X-FlakeContainersNames=db\nX-FlakeContainersUser=alice\n[Service]\n";
        _cleanup_(boot_unit_done) BootUnit unit = {};

        ASSERT_TRUE(boot_unit_parse(text, strlen(text), &unit));
        ASSERT_STREQ(unit.checkout, "/srv/a b");
        ASSERT_STREQ(unit.names[0], "db");
        ASSERT_TRUE(!unit.names[1]);
        ASSERT_STREQ(unit.user, "alice");
}

TEST(reads_nothing_else) {
        static const char *const table[] = {
                "",
                "[Unit]\n",
                "[Unit]\nX-FlakeContainersCheckout=/a\nX-FlakeContainersUser=0\n",
                "[Unit]\nX-FlakeContainersCheckout=/a\nX-FlakeContainersNames=\n",
                "[Unit]\nX-FlakeContainersNames=\nX-FlakeContainersUser=0\n",
                "[Unit]\n#X-FlakeContainersCheckout=/a\nX-FlakeContainersNames=\nX-FlakeContainersUser=0\n",
                LINES("", "", "0"),
                LINES("/a", "", ""),
                LINES("/a", "", "a b"),
                LINES("/a", "", "\x1b[31m"),
                LINES("/a", "../db", "0"),
                LINES("/a", "db  web", "0"),
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(boot_unit_done) BootUnit unit = {};

                test_set_row("%zu", i);
                ASSERT_TRUE(!boot_unit_parse(table[i], strlen(table[i]), &unit));
        }
}

TEST(names) {
        _cleanup_free_ char *name = boot_unit_name("shop-3f2a"), *id = boot_unit_id(name);

        ASSERT_STREQ(name, "flake-containers@shop-3f2a.service");
        ASSERT_STREQ(id, "shop-3f2a");
        ASSERT_TRUE(!boot_unit_id("flake-containers@.service"));
        ASSERT_TRUE(!boot_unit_id("flake-containers@shop-3f2a.socket"));
        ASSERT_TRUE(!boot_unit_id("flake-containers-shop-3f2a-db.service"));
}

#define CONTAINER(keys) "{\"system\": {\"rootfs\": \"r\"}" keys "}"

TEST(asks_the_specification) {
        static const struct {
                const char *keys;
                bool online;
                uint64_t seconds;
        } table[] = {
                {"", false, 30 + 13},
                {", \"stop\": {\"timeout\": 100}", false, 30 + 121},
                {", \"network\": {\"internet\": true}", true, 30 + 13},
                {", \"ports\": [\"8080:80\", \"0.0.0.0:81:80\", \"127.0.0.9:82:80\", \"[::]:83:80\"]", false,
                 30 + 13},
                {", \"ports\": [\"192.0.2.1:8080:80\"]", true, 30 + 13},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_free_ char *text =
                        xasprintf("{\"version\": 1, \"containers\": {\"one\": " CONTAINER(
                                          "%s") ", \"two\": " CONTAINER("") "}}",
                                  table[i].keys);
                _cleanup_(spec_freep) Spec *spec = NULL;
                _cleanup_(boot_unit_done) BootUnit unit = {}, all = {};
                char *one[] = {(char *) "one", NULL};

                test_set_row("%zu", i);
                ASSERT_OK(spec_parse(text, strlen(text), &spec, NULL));
                boot_unit_ask_spec(&unit, spec, one);
                ASSERT_EQ(unit.online, table[i].online);
                ASSERT_EQ(unit.stop_usec, table[i].seconds * USEC_PER_SEC);
                boot_unit_ask_spec(&all, spec, NULL);
                ASSERT_EQ(all.stop_usec, (table[i].seconds + 13) * USEC_PER_SEC);
        }
}
