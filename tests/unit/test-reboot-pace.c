/* SPDX-License-Identifier: MIT */

#include "keeper/reboot-pace.h"
#include "base/alloc.h"
#include "test.h"

/* One that reboots at once waits longer and longer, one that lasts does not. */
TEST(reboots) {
        static const struct {
                uint64_t lived_msec, delay_msec;
        } steps[] = {
                {100, 0},     {100, 0},     {100, 0},     {100, 100},   {2999, 200},
                {0, 400},     {100, 800},   {100, 1600},  {100, 3200},  {100, 6400},
                {100, 12800}, {100, 25600}, {100, 30000}, {100, 30000}, {3000, 0},
                {100, 0},     {100, 0},     {100, 0},     {100, 100},   {3600000, 0},
        };
        RebootPace pace = {};

        for (size_t i = 0; i < ELEMENTSOF(steps); i++) {
                test_set_row("%zu", i);
                ASSERT_EQ(reboot_pace_next(&pace, steps[i].lived_msec * USEC_PER_MSEC),
                          steps[i].delay_msec * USEC_PER_MSEC);
        }
}

TEST(is_told) {
        RebootPace pace = {};
        _cleanup_free_ char *text = NULL;

        for (unsigned i = 0; i < REBOOT_FREE; i++)
                ASSERT_TRUE(!reboot_pace_describe(&pace, reboot_pace_next(&pace, 0)));
        text = reboot_pace_describe(&pace, reboot_pace_next(&pace, 0));
        ASSERT_STREQ(text, "for the 4. time at once, in 0.1 s");
}
