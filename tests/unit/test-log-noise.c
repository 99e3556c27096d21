/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "logs/log-noise.h"
#include "test.h"

TEST(noise) {
        static const struct {
                const char *ident;
                int priority;
                bool noise;
        } table[] = {
                {"systemd", 6, true},
                {"systemd", 5, true},
                {"systemd", -1, true},
                {"systemd-journald", 6, true},
                {"systemd-tmpfiles", 7, true},
                {"(sd-mkdcreds)", 6, true},
                {"kernel", 6, true},
                /* A warning is none. */
                {"systemd", 4, false},
                {"systemd", 3, false},
                {"systemd-logind", 4, false},
                {"kernel", 0, false},
                /* Nor is what a service says, whatever its name begins with. */
                {"postgres", 6, false},
                {"systemdx", 6, false},
                {"system", 6, false},
                {"systemd-", 6, false},
                {"(", 6, false},
                {"kernel-tuner", 6, false},
                {"", 6, false},
                {NULL, 6, false},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                test_set_row("%zu", i);
                ASSERT_EQ(log_is_noise(table[i].ident, table[i].ident ? strlen(table[i].ident) : 0,
                                       table[i].priority),
                          table[i].noise);
        }
}
