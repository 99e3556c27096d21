/* SPDX-License-Identifier: MIT */

#include <signal.h>
#include <sys/file.h>

#include "base/process.h"
#include "project-util.h"
#include "state/lock-ask.h"

typedef struct Told {
        int n;
        LockHolder holder;
} Told;

/* A byte comes out of it when a command begins to wait for a lock. */
static int waiting[2] = {-EBADF, -EBADF};

static void on_wait(const LockHolder *holder, void *userdata) {
        Told *told = userdata;

        if (told) {
                told->n++;
                told->holder = *holder;
        }
        if (waiting[1] >= 0)
                ASSERT_EQ(write(waiting[1], "", 1), 1);
}

static void await_waiting(void) {
        char c;

        ASSERT_EQ(read(waiting[0], &c, 1), 1);
}

static void waiting_open(void) {
        ASSERT_OK(pipe2(waiting, O_CLOEXEC));
}

static void waiting_close(void) {
        waiting[0] = safe_close(waiting[0]);
        waiting[1] = safe_close(waiting[1]);
}

/* A process that holds a lock until it is told to let go. */
typedef struct Other {
        pid_t pid;
        int fd; /* a byte makes the process release the lock and end */
} Other;

static Other other_start(const TestDir *dir, const char *name, const char *verb) {
        int ready[2], stop[2];
        Other other;
        char c;

        ASSERT_OK(pipe2(ready, O_CLOEXEC));
        ASSERT_OK(pipe2(stop, O_CLOEXEC));
        other.pid = fork();
        if (other.pid == 0) {
                Lock lock = LOCK_NULL;

                (void) close(stop[1]);
                ASSERT_OK(lock_acquire(dir->fd, name, verb, 0, NULL, NULL, &lock, NULL));
                ASSERT_EQ(write(ready[1], "", 1), 1);
                while (read(stop[0], &c, 1) < 0)
                        ;
                lock_release(&lock);
                _exit(0);
        }
        (void) close(ready[1]);
        ASSERT_EQ(read(ready[0], &c, 1), 1);
        (void) close(ready[0]);
        (void) close(stop[0]);
        other.fd = stop[1];
        return other;
}

static void other_stop(Other *other) {
        int status;

        ASSERT_EQ(write(other->fd, "", 1), 1);
        (void) close(other->fd);
        ASSERT_EQ(waitpid(other->pid, &status, 0), other->pid);
        ASSERT_EQ(status, 0);
}

/* Ends the other one (0: orderly, or by a signal) or signals us (negative) when we begin to wait, from a
 * third process, so that this one can wait meanwhile. */
static pid_t when_waiting(const Other *other, int signal) {
        pid_t pid = fork();

        if (pid == 0) {
                await_waiting();
                if (signal)
                        (void) kill(signal > 0 ? other->pid : getppid(), abs(signal));
                else
                        ASSERT_EQ(write(other->fd, "", 1), 1);
                _exit(0);
        }
        return pid;
}

TEST(free_lock) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        Lock a = LOCK_NULL, b = LOCK_NULL;
        Told told = {};

        TEST_DIR(dir);
        for (int i = 0; i < 3; i++) {
                ASSERT_OK(lock_acquire(dir.fd, "db", "up", 0, on_wait, &told, &a, &error), &error);
                ASSERT_OK(lock_acquire(dir.fd, LOCK_PROJECT, "up", UINT64_MAX, on_wait, &told, &b, &error),
                          &error);
                lock_release(&a);
                lock_release(&b);
                lock_release(&b);
        }
        ASSERT_EQ(told.n, 0);
        /* Never removed. */
        ASSERT_OK(faccessat(dir.fd, "db.lock", F_OK, 0));
}

TEST(held_by_another) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *expected = NULL;
        Lock lock = LOCK_NULL;
        Told told = {};
        uint64_t start;

        TEST_DIR(dir);
        Other other = other_start(&dir, "db", "up"), project = other_start(&dir, LOCK_PROJECT, "down"),
              shared = other_start(&dir, LOCK_SHARED, "down");

        expected = xasprintf("'db' is locked by 'up' (pid %d)", (int) other.pid);
        ASSERT_ERROR(lock_acquire(dir.fd, "db", "down", 0, on_wait, &told, &lock, &error), &error,
                     FC_EXIT_CONFLICT, expected);
        ASSERT_EQ(told.n, 0);
        ASSERT_EQ(lock.fd, -EBADF);
        ASSERT_ERROR(lock_acquire(dir.fd, LOCK_PROJECT, "up", 0, NULL, NULL, &lock, &error), &error,
                     FC_EXIT_CONFLICT, "the project is locked by 'down'");
        ASSERT_ERROR(lock_acquire(dir.fd, LOCK_SHARED, "up", 0, NULL, NULL, &lock, &error), &error,
                     FC_EXIT_CONFLICT, "the use of shared containers is locked by 'down'");

        start = now_usec();
        ASSERT_ERROR(lock_acquire(dir.fd, "db", "down", 50 * USEC_PER_MSEC, on_wait, &told, &lock, &error),
                     &error, FC_EXIT_CONFLICT, "still was after 0.05 s");
        ASSERT_TRUE(strstr(error.message, expected) != NULL);
        ASSERT_TRUE(now_usec() - start >= 50 * USEC_PER_MSEC);
        ASSERT_EQ(told.n, 1);
        ASSERT_EQ(told.holder.pid, other.pid);
        ASSERT_STREQ(told.holder.verb, "up");
        other_stop(&other);
        other_stop(&project);
        other_stop(&shared);
        /* No child of the waiting is left. */
        ASSERT_TRUE(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
        ASSERT_OK(lock_acquire(dir.fd, "db", "down", 0, NULL, NULL, &lock, &error), &error);
        lock_release(&lock);
}

TEST(waits_until_it_is_free) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        Lock lock = LOCK_NULL;
        Told told = {};

        TEST_DIR(dir);
        for (int killed = 0; killed < 2; killed++) {
                Other other = other_start(&dir, "db", "up");
                pid_t pid;

                waiting_open();
                pid = when_waiting(&other, killed ? SIGKILL : 0);

                test_set_row("killed: %d", killed);
                told = (Told){};
                ASSERT_OK(
                        lock_acquire(dir.fd, "db", "down", 10 * USEC_PER_SEC, on_wait, &told, &lock, &error),
                        &error);
                ASSERT_EQ(told.n, 1);
                ASSERT_STREQ(told.holder.verb, "up");
                /* It really is ours. */
                _cleanup_close_ int probe = openat(dir.fd, "db.lock", O_RDONLY | O_CLOEXEC);
                ASSERT_TRUE(flock(probe, LOCK_EX | LOCK_NB) < 0);
                lock_release(&lock);
                waiting_close();
                ASSERT_OK(flock(probe, LOCK_EX | LOCK_NB));
                (void) close(other.fd);
                (void) waitpid(pid, NULL, 0);
                (void) waitpid(other.pid, NULL, 0);
        }
}

/* What a killed holder wrote must not be told of the next one. */
TEST(shared_lock_waits_for_no_other_one) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_close_ int holder = -EBADF, fd = -EBADF;
        TEST_DIR(dir);

        holder = openat(dir.fd, "x", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        fd = openat(dir.fd, "x", O_RDWR | O_CLOEXEC);
        ASSERT_OK(flock(holder, LOCK_EX));
        ASSERT_EQ(lock_wait(fd, LOCK_SH, "x", now_usec() + USEC_PER_MSEC, &error), 0);
        ASSERT_OK(flock(holder, LOCK_SH));
        ASSERT_EQ(lock_wait(fd, LOCK_EX, "x", now_usec() + USEC_PER_MSEC, &error), 0);
        ASSERT_EQ(lock_wait(fd, LOCK_SH, "x", UINT64_MAX, &error), 1);
}

TEST(dead_holder_is_not_named) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_close_ int fd = -EBADF;
        Lock lock = LOCK_NULL;

        TEST_DIR(dir);
        Other other = other_start(&dir, "db", "up");
        (void) kill(other.pid, SIGKILL);
        (void) waitpid(other.pid, NULL, 0);
        (void) close(other.fd);
        /* As the next holder is before it has written. */
        fd = openat(dir.fd, "db.lock", O_RDWR | O_CLOEXEC);
        ASSERT_OK(flock(fd, LOCK_EX | LOCK_NB));
        ASSERT_ERROR(lock_acquire(dir.fd, "db", "down", 0, NULL, NULL, &lock, &error), &error,
                     FC_EXIT_CONFLICT, "locked by another command");
}

TEST(rubbish_in_the_file) {
        static const char *const table[] = {"",
                                            "x",
                                            "1",
                                            "0 up\n",
                                            "-1 up\n",
                                            "1 \033[31m\n",
                                            "99999999999 up\n",
                                            "1 up",
                                            "1 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"};
        _cleanup_(error_done) Error error = ERROR_NULL;
        Lock lock = LOCK_NULL;

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_close_ int fd = -EBADF;

                TEST_DIR(dir);
                test_set_row("%zu", i);
                fd = openat(dir.fd, "db.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0644);
                ASSERT_EQ(write(fd, table[i], strlen(table[i])), (ssize_t) strlen(table[i]));
                ASSERT_OK(flock(fd, LOCK_EX | LOCK_NB));
                ASSERT_ERROR(lock_acquire(dir.fd, "db", "up", 0, NULL, NULL, &lock, &error), &error,
                             FC_EXIT_CONFLICT, "locked by another command");
        }
}

/* For an event loop that has blocked SIGINT and does not run yet. */
TEST(blocked_signal_ends_the_wait) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        Lock lock = LOCK_NULL;
        sigset_t set, pending, old;
        pid_t pid;

        TEST_DIR(dir);
        Other other = other_start(&dir, "db", "up");
        (void) sigemptyset(&set);
        (void) sigaddset(&set, SIGINT);
        (void) sigprocmask(SIG_BLOCK, &set, &old);
        waiting_open();
        pid = when_waiting(&other, -SIGINT);
        ASSERT_ERROR(lock_acquire(dir.fd, "db", "down", 20 * USEC_PER_SEC, on_wait, NULL, &lock, &error),
                     &error, FC_EXIT_INTERRUPTED, "interrupted");
        /* Still there for the loop. */
        ASSERT_OK(sigpending(&pending));
        ASSERT_EQ(sigismember(&pending, SIGINT), 1);
        (void) signal(SIGINT, SIG_IGN);
        (void) sigprocmask(SIG_SETMASK, &old, NULL);
        (void) signal(SIGINT, SIG_DFL);
        (void) waitpid(pid, NULL, 0);
        waiting_close();
        other_stop(&other);
}

/* The child that waits ends with us, and takes nothing. */
TEST(killed_while_waiting) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        Lock lock = LOCK_NULL;
        int pipe_fd[2];
        pid_t pid;
        char c;

        TEST_DIR(dir);
        Other other = other_start(&dir, "db", "up");
        ASSERT_OK(pipe2(pipe_fd, O_CLOEXEC));
        waiting_open();
        pid = fork();
        if (pid == 0) {
                (void) alarm(20);
                (void) lock_acquire(dir.fd, "db", "down", UINT64_MAX, on_wait, NULL, &lock, NULL);
                _exit(1);
        }
        (void) close(pipe_fd[1]);
        await_waiting();
        waiting_close();
        (void) kill(pid, SIGKILL);
        (void) waitpid(pid, NULL, 0);
        /* End of file only when the grandchild, which has the pipe too, is gone. */
        ASSERT_EQ(read(pipe_fd[0], &c, 1), 0);
        (void) close(pipe_fd[0]);
        other_stop(&other);
        ASSERT_OK(lock_acquire(dir.fd, "db", "up", 0, NULL, NULL, &lock, &error), &error);
        lock_release(&lock);
}

/* /run is cleaned up while a command waits: two must never believe to hold the lock. */
TEST(replaced_file) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        Lock lock = LOCK_NULL;
        struct stat a, b;
        pid_t pid;

        TEST_DIR(dir);
        Other other = other_start(&dir, "db", "up");
        waiting_open();
        pid = fork();
        if (pid == 0) {
                await_waiting();
                (void) unlinkat(dir.fd, "db.lock", 0);
                (void) kill(other.pid, SIGKILL);
                _exit(0);
        }
        ASSERT_OK(lock_acquire(dir.fd, "db", "down", 20 * USEC_PER_SEC, on_wait, NULL, &lock, &error),
                  &error);
        waiting_close();
        ASSERT_OK(fstat(lock.fd, &a));
        ASSERT_OK(fstatat(dir.fd, "db.lock", &b, 0));
        ASSERT_EQ(a.st_ino, b.st_ino);
        lock_release(&lock);
        (void) waitpid(pid, NULL, 0);
        (void) waitpid(other.pid, NULL, 0);
        (void) close(other.fd);
}

TEST(a_link_is_refused) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        Lock lock = LOCK_NULL;

        TEST_DIR(dir);
        ASSERT_EQ(test_shell(&dir, "ln -s other db.lock"), 0);
        ASSERT_ERROR(lock_acquire(dir.fd, "db", "up", 0, NULL, NULL, &lock, &error), &error,
                     FC_EXIT_CONFLICT, "symbolic link");
        ASSERT_TRUE(faccessat(dir.fd, "other", F_OK, 0) < 0);
}

/* Many at once: never two inside. */
TEST(excludes) {
        int status;

        TEST_DIR(dir);
        for (int i = 0; i < 8; i++)
                if (fork() == 0) {
                        for (int round = 0; round < 20; round++) {
                                Lock lock = LOCK_NULL;
                                Error error = ERROR_NULL;

                                ASSERT_OK(lock_acquire(dir.fd, "db", "up", 60 * USEC_PER_SEC, NULL, NULL,
                                                       &lock, &error),
                                          &error);
                                ASSERT_OK(mkdirat(dir.fd, "inside", 0755));
                                ASSERT_OK(unlinkat(dir.fd, "inside", AT_REMOVEDIR));
                                lock_release(&lock);
                        }
                        _exit(0);
                }
        while (wait(&status) > 0)
                ASSERT_EQ(status, 0);
}

/* ---- requests ---- */

/* A process that asks until it is killed. */
static pid_t asker_start(const TestDir *dir, const char *verb, LockAsk ask) {
        int ready[2], fd;
        pid_t pid;
        char c;

        ASSERT_OK(pipe2(ready, O_CLOEXEC));
        pid = fork();
        if (pid == 0) {
                ASSERT_OK(lock_ask(dir->fd, "db", verb, ask, &fd, NULL));
                ASSERT_EQ(write(ready[1], "", 1), 1);
                for (;;)
                        (void) pause();
        }
        ASSERT_EQ(read(ready[0], &c, 1), 1);
        (void) close(ready[0]);
        (void) close(ready[1]);
        return pid;
}

static void asker_kill(pid_t pid) {
        ASSERT_OK(kill(pid, SIGKILL));
        ASSERT_EQ(waitpid(pid, NULL, 0), pid);
}

TEST(request_holds_while_its_process_lives) {
        static const struct {
                LockAsk least, ask;
                bool heard;
        } rows[] = {
                {LOCK_ASK_RESTART, LOCK_ASK_RESTART, true},
                {LOCK_ASK_RESTART, LOCK_ASK_STOP, true},
                {LOCK_ASK_STOP, LOCK_ASK_STOP, true},
                {LOCK_ASK_STOP, LOCK_ASK_RESTART, false},
        };

        TEST_DIR(dir);
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                Lock lock = LOCK_NULL;
                LockHolder asker;
                pid_t pid;

                test_set_row("row %zu", i);
                ASSERT_OK(lock_acquire(dir.fd, "db", "up", 0, NULL, NULL, &lock, NULL));
                ASSERT_TRUE(!lock_heed_is_asked(rows[i].least, &lock, &asker));
                pid = asker_start(&dir, "down", rows[i].ask);
                ASSERT_EQ(lock_heed_is_asked(rows[i].least, &lock, &asker), rows[i].heard);
                /* The next holder is asked, too, by the same name. */
                lock_release(&lock);
                ASSERT_OK(lock_acquire(dir.fd, "db", "up", 0, NULL, NULL, &lock, NULL));
                ASSERT_EQ(lock_heed_is_asked(rows[i].least, &lock, &asker), rows[i].heard);
                if (rows[i].heard) {
                        ASSERT_EQ(asker.pid, pid);
                        ASSERT_STREQ(asker.verb, "down");
                }
                asker_kill(pid);
                ASSERT_TRUE(!lock_heed_is_asked(rows[i].least, &lock, &asker));
                lock_release(&lock);
        }
}

/* Until the event loop runs a request interrupts what can be interrupted, and nothing of it is left then. */
TEST(request_is_an_interrupt_first) {
        Lock lock = LOCK_NULL, other = LOCK_NULL;
        sigset_t pending;
        pid_t pid;

        TEST_DIR(dir);
        process_block_interrupts(NULL);
        ASSERT_OK(lock_acquire(dir.fd, "db", "up", 0, NULL, NULL, &lock, NULL));
        ASSERT_OK(lock_acquire(dir.fd, "web", "up", 0, NULL, NULL, &other, NULL));
        lock_heed_add(LOCK_ASK_RESTART, dir.fd, "db", &lock);
        lock_heed_add(LOCK_ASK_RESTART, dir.fd, "web", &other);
        ASSERT_TRUE(!process_is_interrupted());

        pid = asker_start(&dir, "down", LOCK_ASK_STOP);
        ASSERT_TRUE(process_is_interrupted());
        lock_heed_as_event(&lock, 1);
        ASSERT_TRUE(!process_is_interrupted());
        asker_kill(pid);
        pid = asker_start(&dir, "down", LOCK_ASK_STOP);
        ASSERT_TRUE(!process_is_interrupted());
        ASSERT_OK(sigpending(&pending));
        ASSERT_TRUE(sigismember(&pending, LOCK_HEED_SIGNAL));
        asker_kill(pid);

        /* A signal of a process stays. */
        ASSERT_OK(kill(getpid(), SIGTERM));
        lock_heed_as_event(&lock, 1);
        ASSERT_TRUE(process_is_interrupted());
        (void) signal(SIGTERM, SIG_IGN);
        lock_release(&lock);
        lock_release(&other);
}

/* One that gives up only for a stop is not interrupted by what asks for less. */
TEST(request_for_less_does_not_interrupt) {
        Lock lock = LOCK_NULL;
        pid_t pid;

        TEST_DIR(dir);
        process_block_interrupts(NULL);
        ASSERT_OK(lock_acquire(dir.fd, "db", "restart", 0, NULL, NULL, &lock, NULL));
        lock_heed_add(LOCK_ASK_STOP, dir.fd, "db", &lock);
        pid = asker_start(&dir, "restart", LOCK_ASK_RESTART);
        ASSERT_TRUE(!process_is_interrupted());
        asker_kill(pid);
        pid = asker_start(&dir, "down", LOCK_ASK_STOP);
        ASSERT_TRUE(process_is_interrupted());
        asker_kill(pid);
        lock_heed_as_event(&lock, 1);
        ASSERT_TRUE(!process_is_interrupted());
        lock_release(&lock);
}

/* What another file says by the same signal stays, too: `with` has a pipe that says so that its command has
 * ended. */
TEST(signal_of_another_file_is_not_a_request) {
        Lock lock = LOCK_NULL;
        int pipe_fds[2];

        TEST_DIR(dir);
        process_block_interrupts(NULL);
        ASSERT_OK(lock_acquire(dir.fd, "db", "up", 0, NULL, NULL, &lock, NULL));
        lock_heed_add(LOCK_ASK_RESTART, dir.fd, "db", &lock);
        ASSERT_OK(pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK));
        ASSERT_OK(fcntl(pipe_fds[0], F_SETOWN, getpid()));
        ASSERT_OK(fcntl(pipe_fds[0], F_SETSIG, SIGTERM));
        ASSERT_OK(fcntl(pipe_fds[0], F_SETFL, O_NONBLOCK | O_ASYNC));
        (void) close(pipe_fds[1]);
        ASSERT_TRUE(process_is_interrupted());
        lock_heed_as_event(&lock, 1);
        ASSERT_TRUE(process_is_interrupted());
        (void) signal(SIGTERM, SIG_IGN);
        (void) close(pipe_fds[0]);
        lock_release(&lock);
}
