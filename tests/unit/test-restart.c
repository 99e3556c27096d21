/* SPDX-License-Identifier: MIT */

#include "keeper/restart.h"
#include "test.h"

#define START UINT64_C(5000000) /* soon after the machine's boot: there is no past to be confused by */

TEST(the_delay_doubles_and_then_it_ends) {
        RestartLimit limit = {};
        uint64_t now = START, delay = 0;

        for (unsigned i = 0; i < RESTART_BURST; i++) {
                ASSERT_TRUE(restart_limit_next(&limit, now, &delay));
                ASSERT_EQ(delay, RESTART_DELAY_USEC << i);
                now += delay;
        }
        ASSERT_TRUE(!restart_limit_next(&limit, now, &delay));
        ASSERT_TRUE(!restart_limit_next(&limit, START + RESTART_INTERVAL_USEC - 1, &delay));
}

TEST(what_is_long_ago_is_forgotten) {
        RestartLimit limit = {};
        uint64_t delay = 0;

        for (unsigned i = 0; i < RESTART_BURST; i++)
                ASSERT_TRUE(restart_limit_next(&limit, START + i, &delay));
        ASSERT_TRUE(!restart_limit_next(&limit, START + 10, &delay));
        /* The first is out of the interval, the four others are not. */
        ASSERT_TRUE(restart_limit_next(&limit, START + RESTART_INTERVAL_USEC, &delay));
        ASSERT_EQ(delay, RESTART_DELAY_USEC << 4);
        ASSERT_TRUE(!restart_limit_next(&limit, START + RESTART_INTERVAL_USEC, &delay));
}

TEST(a_crash_now_and_then_is_restarted_for_ever) {
        RestartLimit limit = {};
        uint64_t delay = 0;

        for (unsigned i = 0; i < 1000; i++) {
                ASSERT_TRUE(restart_limit_next(&limit, START + i * RESTART_INTERVAL_USEC, &delay));
                ASSERT_EQ(delay, RESTART_DELAY_USEC);
        }
}
