/* SPDX-License-Identifier: MIT */

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/detach.h"
#include "base/process.h"

static int compare_fds(const void *a, const void *b) {
        return *(const int *) a - *(const int *) b;
}

static void close_range_quietly(int first, int last) {
        if (first <= last)
                (void) syscall(SYS_close_range, (unsigned) first, (unsigned) last, 0);
}

void detach_close_all_but(const int *keep, size_t n_keep) {
        int fds[DETACH_KEEP_MAX], next = STDERR_FILENO + 1;

        assert(n_keep <= DETACH_KEEP_MAX);
        for (size_t i = 0; i < n_keep; i++)
                fds[i] = keep[i];
        qsort(fds, n_keep, sizeof(fds[0]), compare_fds);
        for (size_t i = 0; i < n_keep; i++) {
                if (fds[i] < next)
                        continue;
                close_range_quietly(next, fds[i] - 1);
                next = fds[i] + 1;
        }
        close_range_quietly(next, INT_MAX);
}

/* Our standard streams would keep a pipeline waiting, and the working directory a file system busy. */
void detach_from_command(const int *keep, size_t n_keep, const char *name) {
        int null;

        detach_close_all_but(keep, n_keep);
        null = open("/dev/null", O_RDWR | O_CLOEXEC);
        (void) setsid();
        (void) !chdir("/");
        (void) prctl(PR_SET_NAME, name);
        for (int fd = STDIN_FILENO; null >= 0 && fd <= STDERR_FILENO; fd++)
                (void) dup2(null, fd);
        if (null > STDERR_FILENO)
                (void) close(null);
}

/* The grandchild is not a child of ours: it leaves no zombie to a command that goes on. */
int detach_run(void (*work)(void *userdata), void *userdata, const int *keep, size_t n_keep,
               const char *name) {
        pid_t pid = fork();
        int status;

        if (pid < 0)
                return -errno;
        if (pid == 0) {
                pid = fork();
                if (pid == 0) {
                        process_unblock_signals();
                        detach_from_command(keep, n_keep, name);
                        work(userdata);
                        _exit(0);
                }
                _exit(pid < 0 ? errno : 0);
        }
        status = process_reap(pid);
        if (status < 0)
                return status;
        if (WIFSIGNALED(status))
                return -ECHILD;
        return -WEXITSTATUS(status);
}
