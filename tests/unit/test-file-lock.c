/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>

#include "base/file-lock.h"
#include "base/process.h"
#include "test.h"

/* Another open file, as another process has one. */
static int file_open(const char *path) {
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

        ASSERT_TRUE(fd >= 0);
        return fd;
}

TEST(waits_no_longer_than_its_deadline) {
        char path[] = "/tmp/fc-test-file-lock-XXXXXX";
        _cleanup_close_ int made = mkstemp(path), held = file_open(path), ours = file_open(path);
        uint64_t began;

        ASSERT_TRUE(made >= 0);
        ASSERT_EQ(file_lock_wait(held, LOCK_EX, 0), 1);
        began = now_usec();
        ASSERT_EQ(file_lock_wait(ours, LOCK_EX, began + 50 * USEC_PER_MSEC), 0);
        ASSERT_TRUE(now_usec() >= began + 50 * USEC_PER_MSEC);
        ASSERT_EQ(file_lock_wait(ours, LOCK_SH, now_usec()), 0);

        ASSERT_EQ(flock(held, LOCK_SH), 0);
        ASSERT_EQ(file_lock_wait(ours, LOCK_SH, 0), 1);
        ASSERT_EQ(unlink(path), 0);
}

TEST(takes_what_becomes_free) {
        char path[] = "/tmp/fc-test-file-lock-XXXXXX";
        _cleanup_close_ int made = mkstemp(path), ours = file_open(path);
        _cleanup_(error_done) Error error = ERROR_NULL;
        int ready[2];
        pid_t pid;
        char c;

        ASSERT_TRUE(made >= 0);
        ASSERT_EQ(pipe(ready), 0);
        pid = fork();
        if (pid == 0) {
                int fd = open(path, O_RDWR | O_CLOEXEC);

                if (flock(fd, LOCK_EX) < 0 || write(ready[1], "", 1) != 1)
                        _exit(1);
                /* Until it is ended. */
                for (;;)
                        pause();
        }
        ASSERT_EQ(read(ready[0], &c, 1), 1);
        ASSERT_EQ(file_lock_wait(ours, LOCK_EX, 0), 0);
        ASSERT_EQ(kill(pid, SIGKILL), 0);
        ASSERT_OK(file_lock_take(ours, LOCK_EX, "'it'", &error), &error);
        ASSERT_EQ(waitpid(pid, NULL, 0), pid);
        ASSERT_EQ(unlink(path), 0);
        (void) close(ready[0]);
        (void) close(ready[1]);
}

TEST(what_cannot_be_locked) {
        _cleanup_(error_done) Error error = ERROR_NULL;

        ASSERT_EQ(file_lock_wait(-EBADF, LOCK_EX, UINT64_MAX), -EBADF);
        ASSERT_ERROR(file_lock_take(-EBADF, LOCK_EX, "'it'", &error), &error, FC_EXIT_INTERNAL, "lock 'it'");
}
