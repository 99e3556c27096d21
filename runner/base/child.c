/* SPDX-License-Identifier: MIT */

#include <poll.h>
#include <signal.h>
#include <time.h>

#include "base/child.h"
#include "base/process.h"

static _Noreturn void child_work(void (*work)(void *userdata), void *userdata, pid_t parent) {
        /* What is done for a command must not outlive it. */
        if (process_end_with_parent(parent, SIGKILL) < 0)
                _exit(1);
        work(userdata);
        _exit(0);
}

/* Return: the pid, with every signal blocked in it so that no handler of ours runs there. */
static pid_t child_start(void (*work)(void *userdata), void *userdata) {
        pid_t parent = getpid(), pid;
        sigset_t all, old;

        (void) sigfillset(&all);
        (void) sigprocmask(SIG_SETMASK, &all, &old);
        pid = fork();
        if (pid == 0)
                child_work(work, userdata, parent);
        (void) sigprocmask(SIG_SETMASK, &old, NULL);
        return pid;
}

static int child_wait_for(int pidfd, uint64_t deadline) {
        /* Never read: it only tells that one of them is pending, and the event loop that it is blocked for
         * finds it still there. */
        _cleanup_close_ int signal_fd = process_open_interrupts();

        if (signal_fd < 0)
                return signal_fd;

        for (;;) {
                struct pollfd fds[] = {{.fd = pidfd, .events = POLLIN}, {.fd = signal_fd, .events = POLLIN}};
                uint64_t now = now_usec(), left = deadline > now ? deadline - now : 0;
                struct timespec timeout = {.tv_sec = (time_t) (left / USEC_PER_SEC),
                                           .tv_nsec = (long) (left % USEC_PER_SEC * 1000)};

                if (ppoll(fds, 2, deadline == UINT64_MAX ? NULL : &timeout, NULL) < 0) {
                        if (errno == EINTR)
                                continue;
                        return -errno;
                }
                if (fds[0].revents != 0)
                        return 1;
                return fds[1].revents != 0 ? -EINTR : 0;
        }
}

int child_run(void (*work)(void *userdata), void *userdata, uint64_t deadline_usec) {
        _cleanup_close_ int pidfd = -EBADF;
        pid_t pid = child_start(work, userdata);
        int r;

        if (pid < 0)
                return -errno;
        pidfd = process_open(pid);
        r = pidfd < 0 ? pidfd : child_wait_for(pidfd, deadline_usec);
        (void) kill(pid, SIGKILL);
        (void) process_reap(pid);
        return r;
}
