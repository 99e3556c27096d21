/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
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

/* systemd allows as many starts in an interval that begins with the first of them. */
TEST(starts_are_counted_as_systemd_does) {
        StartLimit limit = {};

        ASSERT_TRUE(!start_limit_is_reached(&limit, START));
        for (unsigned i = 0; i < START_BURST; i++) {
                ASSERT_TRUE(!start_limit_is_reached(&limit, START + i));
                start_limit_count(&limit, START + i);
        }
        ASSERT_EQ(limit.n, RESTART_BURST + 1);
        ASSERT_TRUE(start_limit_is_reached(&limit, START + 10));
        /* The next start comes after systemd's delay, and must still be within the interval. */
        ASSERT_TRUE(start_limit_is_reached(&limit, START + RESTART_INTERVAL_USEC - RESTART_DELAY_USEC));
        ASSERT_TRUE(!start_limit_is_reached(&limit, START + RESTART_INTERVAL_USEC - RESTART_DELAY_USEC + 1));
        /* Then all are forgotten at once. */
        start_limit_count(&limit, START + RESTART_INTERVAL_USEC + 1);
        ASSERT_EQ(limit.n, 1);
        ASSERT_EQ(limit.begin_usec, START + RESTART_INTERVAL_USEC + 1);
}

/* The first start and RESTART_BURST more: neither keeper is the more patient one. */
TEST(both_rules_give_up_after_as_many_restarts) {
        RestartLimit restarts = {};
        StartLimit starts = {};
        uint64_t now = START, delay = 0;

        start_limit_count(&starts, now);
        for (unsigned i = 0; i < RESTART_BURST; i++) {
                ASSERT_TRUE(!start_limit_is_reached(&starts, now));
                ASSERT_TRUE(restart_limit_next(&restarts, now, &delay));
                now += delay;
                start_limit_count(&starts, now);
        }
        ASSERT_TRUE(start_limit_is_reached(&starts, now));
        ASSERT_TRUE(!restart_limit_next(&restarts, now, &delay));
}

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

TEST(a_delayed_reboot_is_told) {
        RebootPace pace = {};
        _cleanup_free_ char *text = NULL;

        for (unsigned i = 0; i < REBOOT_FREE; i++)
                ASSERT_TRUE(!reboot_pace_describe(&pace, reboot_pace_next(&pace, 0)));
        text = reboot_pace_describe(&pace, reboot_pace_next(&pace, 0));
        ASSERT_STREQ(text, "for the 4. time at once, in 0.1 s");
}
