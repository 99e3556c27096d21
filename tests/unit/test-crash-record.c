/* SPDX-License-Identifier: MIT */

#include "project-util.h"
#include "record/crash-record.h"

TEST(is_read_as_it_was_written) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        CrashRecord record = {3, 2, UINT64_C(1700000000000001), 0, "killed 9"}, got = {.restarts = 7};
        TEST_DIR(dir);

        ASSERT_OK(crash_record_read(dir.fd, &got, &error), &error);
        ASSERT_EQ(got.restarts, 0);
        ASSERT_OK(crash_record_write(dir.fd, &record, &error), &error);
        record.ready_usec = UINT64_MAX;
        ASSERT_OK(crash_record_write(dir.fd, &record, &error), &error);
        ASSERT_OK(crash_record_read(dir.fd, &got, &error), &error);
        ASSERT_EQ(got.restarts, 3);
        ASSERT_EQ(got.reboots, 2);
        ASSERT_EQ(got.crash_usec, UINT64_C(1700000000000001));
        ASSERT_EQ(got.ready_usec, UINT64_MAX);
        ASSERT_STREQ(got.reason, "killed 9");

        ASSERT_OK(crash_record_remove(dir.fd, &error), &error);
        ASSERT_OK(crash_record_read(dir.fd, &got, &error), &error);
        ASSERT_EQ(got.restarts, 0);
        ASSERT_OK(crash_record_remove(dir.fd, &error), &error);
}

TEST(a_damaged_one_is_an_error) {
        static const char *const table[] = {
                "",
                "x",
                "restarts=1\n",
                "restarts=1\nreboots=0\ncrash=2\nready=3\n",
                "restarts=x\nreboots=0\ncrash=2\nready=3\nreason=a",
        };
        TEST_DIR(dir);

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                CrashRecord got = {.restarts = 7};

                test_set_row("%s", table[i]);
                ASSERT_OK(fs_write_atomic(dir.fd, "crashes", table[i], strlen(table[i]), 0644, &error),
                          &error);
                ASSERT_ERROR(crash_record_read(dir.fd, &got, &error), &error, FC_EXIT_INTERNAL, "damaged");
                ASSERT_EQ(got.restarts, 7);
        }
}
