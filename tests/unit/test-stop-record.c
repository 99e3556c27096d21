/* SPDX-License-Identifier: MIT */

#include <sys/wait.h>

#include "project-util.h"
#include "record/stop-record.h"

static StopRecord read_record(int fd) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        StopRecord record = {true, true};

        ASSERT_OK(stop_record_read(fd, &record, &error), &error);
        return record;
}

static bool holds(int fd) {
        return read_record(fd).holds;
}

static bool exists(int fd) {
        return read_record(fd).exists;
}

TEST(counts_while_it_is_being_asked_and_afterwards) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        TEST_DIR(dir);
        pid_t gone;

        ASSERT_TRUE(!holds(dir.fd) && !exists(dir.fd));
        ASSERT_OK(stop_record_write(dir.fd, getpid(), &error), &error);
        ASSERT_TRUE(holds(dir.fd) && exists(dir.fd));

        gone = fork();
        if (gone == 0)
                _exit(0);
        ASSERT_EQ(waitpid(gone, NULL, 0), gone);
        ASSERT_OK(stop_record_write(dir.fd, gone, &error), &error);
        ASSERT_TRUE(!holds(dir.fd) && exists(dir.fd));

        ASSERT_OK(stop_record_write(dir.fd, 0, &error), &error);
        ASSERT_TRUE(holds(dir.fd));
        ASSERT_OK(stop_record_remove(dir.fd, &error), &error);
        ASSERT_OK(stop_record_remove(dir.fd, &error), &error);
        ASSERT_TRUE(!holds(dir.fd) && !exists(dir.fd));
}

TEST(damaged_ones_do_not_count) {
        static const char *const table[] = {"x", "-1\n", "0\n", "\n", "999999999999999999999\n"};
        TEST_DIR(dir);

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                test_set_row("%s", table[i]);
                ASSERT_OK(fs_write_atomic(dir.fd, "stopping", table[i], strlen(table[i]), 0644, NULL));
                ASSERT_TRUE(!holds(dir.fd));
        }
}

/* That it cannot be read does not mean that nothing has asked. */
TEST(what_cannot_be_read) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        StopRecord record = {};
        TEST_DIR(dir);

        ASSERT_EQ(mkdirat(dir.fd, "stopping", 0700), 0);
        ASSERT_ERROR(stop_record_read(dir.fd, &record, &error), &error, FC_EXIT_INTERNAL, "stopping");
}
