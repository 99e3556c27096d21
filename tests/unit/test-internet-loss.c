/* SPDX-License-Identifier: MIT */

#include "test.h"

#include "netns-util.h"
#include "running/internet-loss.h"

#define HEAD                                                                                                \
        "Inter-|   Receive                                                |  Transmit\n"                    \
        " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets\n"

TEST(net_dev) {
        static const struct {
                const char *text;
                bool has;
        } rows[] = {
                {HEAD "    lo:       0       0\ninternet0: 1 2\n", true},
                {HEAD "internet0:1", true},
                {HEAD "    lo:       0       0\n host0: 1 2\n", false},
                {HEAD "internet01: 1 2\nxinternet0: 1 2\n", false},
                {HEAD " host0: internet0: 2\n", false},
                {HEAD "internet0", false},
                {"", false},
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                test_set_row("%zu", i);
                ASSERT_EQ(net_dev_has(rows[i].text, "internet0"), rows[i].has);
        }
}

static void assert_lost(void) {
        ASSERT_TRUE(internet_is_lost(getpid()));
}

/* One in a new network has no such interface; one that is not there tells nothing. */
TEST(of_a_process) {
        if (!can_make_netns())
                SKIP("needs the right to make network namespaces, and ip");
        run_in_netns(assert_lost);
        ASSERT_TRUE(!internet_is_lost(-1));
}
