/* SPDX-License-Identifier: MIT */

#include "boot/boot.h"
#include "project-util.h"

#define UNIT "flake-containers@shop-1234.service"
#define TEXT                                                                                                \
        "[Unit]\\nX-FlakeContainersCheckout=/srv/shop\\nX-FlakeContainersNames=db\\n"                       \
        "X-FlakeContainersUser=alice\\n"

TEST(finds_ours) {
        static const struct {
                const char *command;
                size_t n;
        } table[] = {
                {":", 0},
                {"printf '" TEXT "' >units/" UNIT, 1},
                /* As NixOS has them. */
                {"printf '" TEXT "' >text && ln -s ../text units/" UNIT, 1},
                {"printf '" TEXT "' >units/other.service", 0},
                {"echo '[Service]' >units/" UNIT, 0},
                /* Masked, or its package is gone. */
                {"ln -s /dev/null units/" UNIT, 0},
                {"ln -s nowhere units/" UNIT, 0},
                {"rmdir units", 0},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                TEST_DIR(dir);
                _cleanup_free_ char *units = xasprintf("%s/units", dir.path);
                _cleanup_(error_done) Error error = ERROR_NULL;
                _cleanup_(boot_list_done) BootList list = {};

                test_set_row("%s", table[i].command);
                ASSERT_EQ(test_shell(&dir, "mkdir units && %s", table[i].command), 0);
                ASSERT_OK(boot_list_gather(units, &list, &error), &error);
                ASSERT_EQ(list.n, table[i].n);
                if (list.n > 0)
                        ASSERT_STREQ(list.entries[0].checkout.path, "/srv/shop");
        }
}

TEST(takes_no_error_for_none) {
        static const char *const commands[] = {
                ("ln -s " UNIT " units/" UNIT),
                ("head -c 100000 /dev/zero >units/" UNIT),
                "rmdir units && touch units",
        };

        for (size_t i = 0; i < ELEMENTSOF(commands); i++) {
                TEST_DIR(dir);
                _cleanup_free_ char *units = xasprintf("%s/units", dir.path);
                _cleanup_(error_done) Error error = ERROR_NULL;
                _cleanup_(boot_list_done) BootList list = {};

                test_set_row("%s", commands[i]);
                ASSERT_EQ(test_shell(&dir, "mkdir units && %s", commands[i]), 0);
                ASSERT_TRUE(boot_list_gather(units, &list, &error) < 0);
                ASSERT_TRUE(error_is_set(&error));
        }
}
