/* SPDX-License-Identifier: MIT */

/* The program that a published port's proxy begins as.
 *
 *     proxy MACHINE PROXYD NAMESPACE PORT SOCKET [SOCKET]
 *
 * NAMESPACE is a descriptor of the container's network namespace or a pidfd of a process in it, the
 * SOCKETs are those that listen on the host. It enters the namespace, gives up all that moving bytes
 * between sockets does not need (confine.h, filter.h), and becomes systemd-socket-proxyd(8), connected to
 * PORT of the payload's own 127.0.0.1. Only keeper/proxy-program.c writes its command line. */

#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>

#include "base/alloc.h"
#include "proxy/confine.h"
#include "proxy/filter.h"

/* Long enough for a person who clicks through pages, short enough not to keep 7 MB for a port that is not
 * used. */
#define IDLE_TIME "60s"

/* sd_listen_fds(3) */
#define LISTEN_FDS_START 3

static int parse_fd(const char *text, Error *reterr) {
        char *end;
        long fd;

        errno = 0;
        fd = strtol(text, &end, 10);
        if (errno != 0 || end == text || *end != '\0' || fd < LISTEN_FDS_START || fd > INT32_MAX ||
            fcntl((int) fd, F_SETFD, FD_CLOEXEC) < 0)
                return error_raise(reterr, FC_EXIT_INTERNAL, "'%s' is not an open file descriptor", text);
        return (int) fd;
}

/* Moves them to 3 and 4; out of the way of these first, since either may be one of the others. */
static int place_sockets(char *const *texts, int n, Error *reterr) {
        int fds[2];

        for (int i = 0; i < n; i++) {
                int fd = parse_fd(texts[i], reterr);

                if (fd < 0)
                        return fd;
                fds[i] = fcntl(fd, F_DUPFD_CLOEXEC, LISTEN_FDS_START + 2);
                if (fds[i] < 0)
                        return error_set(reterr, errno, "duplicate socket %s", texts[i]);
        }
        for (int i = 0; i < n; i++)
                if (dup2(fds[i], LISTEN_FDS_START + i) < 0)
                        return error_set(reterr, errno, "place socket %s", texts[i]);
        /* The program that is executed must not get any other open descriptor. */
        if (close_range((unsigned) (LISTEN_FDS_START + n), UINT32_MAX, CLOSE_RANGE_CLOEXEC) < 0)
                return error_set(reterr, errno, "close other descriptors");
        return 0;
}

static int run(int argc, char **argv, Error *reterr) {
        char listen_pid[32], listen_fds[32], *envp[] = {listen_pid, listen_fds, NULL};
        _cleanup_free_ char *target = NULL;
        char connections_max[64];
        unsigned connections;
        int fd, r;

        if (argc < 6 || argc > 7)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "MACHINE, PROXYD, NAMESPACE, PORT and one or two SOCKETs are needed");
        target = xasprintf("127.0.0.1:%s", argv[4]);
        (void) snprintf(listen_pid, sizeof(listen_pid), "LISTEN_PID=%d", (int) getpid());
        (void) snprintf(listen_fds, sizeof(listen_fds), "LISTEN_FDS=%d", argc - 5);

        fd = parse_fd(argv[3], reterr);
        if (fd < 0)
                return fd;
        if (setns(fd, CLONE_NEWNET) < 0)
                return error_set(reterr, errno, "enter the container's network");
        r = place_sockets(argv + 5, argc - 5, reterr);
        if (r >= 0)
                r = confine_connections(&connections, reterr);
        if (r >= 0)
                r = confine(argv[1], reterr);
        if (r >= 0)
                r = filter_load(reterr);
        if (r < 0)
                return r;
        (void) snprintf(connections_max, sizeof(connections_max), "--connections-max=%u", connections);
        (void) execve(
                argv[2],
                (char *[]){argv[2], (char *) "--exit-idle-time=" IDLE_TIME, connections_max, target, NULL},
                envp);
        return error_set(reterr, errno, "execute '%s'", argv[2]);
}

int main(int argc, char **argv) {
        _cleanup_(error_done) Error error = ERROR_NULL;

        (void) run(argc, argv, &error);
        (void) fprintf(stderr, "flake-containers: serve a port: %s\n", error.message);
        return EXIT_FAILURE;
}
