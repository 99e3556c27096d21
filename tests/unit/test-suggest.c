/* SPDX-License-Identifier: MIT */

#include "test.h"

#include "base/suggest.h"

TEST(the_nearest_name) {
        static char *const names[] = {(char *) "up",   (char *) "down", (char *) "restart",
                                      (char *) "rm",   (char *) "logs", (char *) "events",
                                      (char *) "exec", (char *) "port", NULL};
        static const struct {
                const char *word, *expected;
        } table[] = {
                {"donw", "down"},
                {"dnow", NULL},
                {"dwn", "down"},
                {"down", "down"},
                {"downn", "down"},
                {"resart", "restart"},
                {"restrat", "restart"},
                {"start", NULL}, /* it would restart everything */
                {"r", NULL},
                {"rn", NULL},
                {"", NULL},
                {"loggs", "logs"},
                {"evnets", "events"},
                {"eventss", "events"},
                {"expose", NULL},
                {"ports", "port"},
                {"0123456789012345678901234567890", NULL},
                {"01234567890123456789012345678901234567890123456789", NULL},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                const char *found = suggest_name(table[i].word, names);

                test_set_row("%s", table[i].word);
                if (table[i].expected)
                        ASSERT_STREQ(found, table[i].expected);
                else
                        ASSERT_TRUE(!found);
        }
        ASSERT_TRUE(!suggest_name("up", NULL));
}
