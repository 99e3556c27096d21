/* SPDX-License-Identifier: MIT
 *
 * What a shell cannot do: wait for an event without looking again and again.
 *
 *     wait-for SECONDS exit PID        until the process has ended (it need not be a child)
 *     wait-for SECONDS empty CGROUP    until the cgroup has no process, in it or below it
 *
 * Ends with 0 when it is so, 1 when the time is up, 2 when it cannot tell. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long long now_ms(void) {
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static int fails(const char *what) {
        fprintf(stderr, "wait-for: %s: %s\n", what, strerror(errno));
        return 2;
}

/* A pidfd is readable once its process has ended. */
static int wait_exit(pid_t pid, long long end) {
        struct pollfd p = {.events = POLLIN};
        long long left;

        p.fd = (int) syscall(SYS_pidfd_open, pid, 0);
        if (p.fd < 0)
                return errno == ESRCH ? 0 : fails("pidfd_open");
        while ((left = end - now_ms()) > 0)
                if (poll(&p, 1, (int) left) > 0)
                        return 0;
        return 1;
}

/* The kernel marks cgroup.events when `populated` changes; reading takes the mark away, so look first, then
 * wait. */
static int wait_empty(const char *cgroup, long long end) {
        char path[PATH_MAX], text[512];
        struct pollfd p = {.events = POLLPRI};
        long long left;

        snprintf(path, sizeof(path), "%s/cgroup.events", cgroup);
        p.fd = open(path, O_RDONLY | O_CLOEXEC);
        if (p.fd < 0)
                return errno == ENOENT ? 0 : fails(path);
        for (;;) {
                ssize_t n = pread(p.fd, text, sizeof(text) - 1, 0);

                if (n < 0)
                        return errno == ENODEV ? 0 : fails(path);
                text[n] = '\0';
                if (strstr(text, "populated 0"))
                        return 0;
                left = end - now_ms();
                if (left <= 0)
                        return 1;
                (void) poll(&p, 1, (int) left);
        }
}

int main(int argc, char **argv) {
        long long end;

        if (argc != 4) {
                fprintf(stderr, "usage: wait-for SECONDS exit PID | wait-for SECONDS empty CGROUP\n");
                return 2;
        }
        end = now_ms() + atoll(argv[1]) * 1000;
        if (strcmp(argv[2], "exit") == 0)
                return wait_exit((pid_t) atoi(argv[3]), end);
        if (strcmp(argv[2], "empty") == 0)
                return wait_empty(argv[3], end);
        errno = EINVAL;
        return fails(argv[2]);
}
