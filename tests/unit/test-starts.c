/* SPDX-License-Identifier: MIT */

#include <signal.h>

#include "base/process.h"
#include "keeper/restart.h"
#include "keeper/service-starts.h"
#include "project-util.h"

static char *reboot(int fd, Error *error) {
        char *detail = NULL;

        ASSERT_OK(start_pace_note_reboot(fd, &detail, error), error);
        return detail;
}

/* From the fourth time on it waits, and what has ended in another way does not. */
TEST(waits_for_what_only_reboots) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *detail = NULL;
        TEST_DIR(dir);
        uint64_t began;

        for (unsigned i = 0; i < REBOOT_FREE; i++) {
                ASSERT_EQ(start_pace_wait(dir.fd, &error), 1);
                ASSERT_TRUE(!reboot(dir.fd, &error));
        }
        ASSERT_EQ(start_pace_wait(dir.fd, &error), 1);
        began = now_usec();
        detail = reboot(dir.fd, &error);
        ASSERT_STREQ(detail, "for the 4. time at once, in 0.1 s");
        ASSERT_EQ(start_pace_wait(dir.fd, &error), 1);
        ASSERT_TRUE(now_usec() - began >= REBOOT_DELAY_USEC);

        ASSERT_OK(start_pace_forget(dir.fd, &error), &error);
        ASSERT_OK(start_pace_forget(dir.fd, &error), &error);
        ASSERT_EQ(start_pace_wait(dir.fd, &error), 1);
        ASSERT_TRUE(!reboot(dir.fd, &error));
}

/* It would be half a minute, which who wants it to end does not wait for. */
TEST(is_told_to_end) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        uint64_t began = now_usec();
        sigset_t terminate;
        TEST_DIR(dir);

        ASSERT_EQ(start_pace_wait(dir.fd, &error), 1);
        for (unsigned i = 0; i < 20; i++)
                free(reboot(dir.fd, &error));
        (void) sigemptyset(&terminate);
        (void) sigaddset(&terminate, SIGTERM);
        ASSERT_EQ(sigprocmask(SIG_BLOCK, &terminate, NULL), 0);
        ASSERT_EQ(raise(SIGTERM), 0);
        ASSERT_EQ(start_pace_wait(dir.fd, &error), 0);
        ASSERT_TRUE(now_usec() - began < REBOOT_DELAY_MAX_USEC);
}

TEST(waits_longer_after_each_failure) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        TEST_DIR(dir);

        for (unsigned i = 0; i < 3; i++) {
                uint64_t began = now_usec(), took;

                ASSERT_OK(starts_count(dir.fd, i == 0, &error), &error);
                ASSERT_OK(start_pace_note_failure(dir.fd, &error), &error);
                ASSERT_EQ(start_pace_wait(dir.fd, &error), 1);
                took = now_usec() - began;
                ASSERT_TRUE(took >= RESTART_DELAY_USEC << i);
        }
}

TEST(damaged) {
        static const char *const table[] = {"", "x", "1 2", "1 x 3"};
        TEST_DIR(dir);

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;

                test_set_row("%s", table[i]);
                ASSERT_OK(fs_write_atomic(dir.fd, "pace", table[i], strlen(table[i]), 0644, NULL));
                ASSERT_TRUE(start_pace_wait(dir.fd, &error) < 0);
                ASSERT_STREQ(error.message, "the record 'pace' is damaged");
        }
}
