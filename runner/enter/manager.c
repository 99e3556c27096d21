/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "base/in-root.h"
#include "base/process.h"
#include "enter/manager.h"

#define RETRY_USEC (20 * USEC_PER_MSEC)

static int connect_inside(void *userdata) {
        static const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = GUEST_BUS_SOCKET};
        const int *fd = userdata;

        while (connect(*fd, (const struct sockaddr *) &address, sizeof(address)) < 0)
                if (errno != EINTR)
                        return -errno;
        return 0;
}

static void set_connect_timeout(int fd, uint64_t timeout_usec) {
        struct timeval t = {
                .tv_sec = (time_t) (timeout_usec / USEC_PER_SEC),
                .tv_usec = (suseconds_t) (timeout_usec % USEC_PER_SEC),
        };

        (void) setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t));
}

/* From outside: to go in takes two processes, and most guests that are a command have none. */
static bool has_socket(const EnterTarget *target) {
        _cleanup_close_ int fd = root_open(target->root_fd, GUEST_BUS_SOCKET, O_PATH);

        return fd != -ENOENT && fd != -ENOTDIR;
}

int manager_connect(const EnterTarget *target, uint64_t timeout_usec, GuestBus **ret, Error *reterr) {
        _cleanup_close_ int fd = -EBADF;
        int r, result = 0;

        /* One that has ended has none either, which enter_call() tells. */
        if (!has_socket(target) && enter_target_is_alive(target) && !process_is_ending(target->leader)) {
                *ret = NULL;
                return 0;
        }
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return error_set(reterr, errno, "make a socket");

        /* A full backlog makes connect() wait, and this bounds it (socket(7)); non-blocking, it would give
         * EAGAIN at once and nothing to wait for. */
        set_connect_timeout(fd, timeout_usec);

        /* The manager asks the kernel who connected, so that must be done by root of its user namespace,
         * under a pid that exists in its PID namespace; else it refuses us as unprivileged. */
        r = enter_call(target, CLONE_NEWNS | CLONE_NEWPID, connect_inside, &fd, &result, reterr);
        if (r < 0)
                return r;
        if (result == -ENOENT || result == -ECONNREFUSED || result == -ENOTDIR) {
                *ret = NULL;
                return 0;
        }
        if (result == -EAGAIN)
                return error_raise(reterr, FC_EXIT_TIMEOUT,
                                   "connect to the container's systemd: it does not answer");
        if (result < 0)
                return error_set(reterr, result, "connect to the container's systemd");

        set_connect_timeout(fd, 0);
        return guest_bus_new(TAKE_FD(fd), GUEST_BUS_TIMEOUT_USEC, ret, reterr);
}

int manager_open(const EnterTarget *target, uint64_t timeout_usec, GuestBus **ret, Error *reterr) {
        _cleanup_(guest_bus_freep) GuestBus *bus = NULL;
        uint64_t deadline = now_usec() + timeout_usec;
        int r;

        r = manager_connect(target, timeout_usec, &bus, reterr);
        if (r >= 0 && bus)
                r = guest_bus_wait_accepted(bus, deadline, reterr);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(bus);
        return 0;
}

int manager_open_patiently(const EnterTarget *target, bool boots, uint64_t timeout_usec,
                           uint64_t patience_usec, GuestBus **ret, Error *reterr) {
        uint64_t start = now_usec();

        for (;;) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                GuestBus *bus = NULL;
                int r;

                r = manager_open(target, timeout_usec, &bus, &error);
                if (bus || !enter_target_may_be_systemd(target, boots) ||
                    now_usec() - start >= patience_usec) {
                        if (r < 0)
                                error_move(reterr, &error);
                        else
                                *ret = bus;
                        return r;
                }
                /* Nothing tells when the socket is there again; only the end of it all has an event. */
                if (process_wait(target->pidfd, RETRY_USEC) != 0)
                        patience_usec = 0;
        }
}
