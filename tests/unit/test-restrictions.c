/* SPDX-License-Identifier: MIT */

#include "rootless/restrictions.h"
#include "test.h"

TEST(knows_what_is_in_the_way) {
        static const struct {
                const char *path, *value, *hint;
        } table[] = {
                {"/proc/sys/kernel/unprivileged_userns_clone", "0\n", "kernel.unprivileged_userns_clone=1"},
                {"/proc/sys/kernel/unprivileged_userns_clone", "1\n", NULL},
                {"/proc/sys/user/max_user_namespaces", "0", "user.max_user_namespaces=15000"},
                {"/proc/sys/user/max_user_namespaces", "01\n", NULL},
                {"/proc/sys/user/max_user_namespaces", "63000\n", NULL},
                {"/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1\n", "'userns,'"},
                {"/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "0\n", NULL},
                {"/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "", NULL},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                const char *hint = restrictions_hint(table[i].path, table[i].value);

                test_set_row("%s %s", table[i].path, table[i].value);
                ASSERT_EQ(hint != NULL, table[i].hint != NULL);
                ASSERT_TRUE(!hint || strstr(hint, table[i].hint));
        }
}
