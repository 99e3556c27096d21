/* SPDX-License-Identifier: MIT */

#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "enter/journal-sync.h"

#define JOURNAL_SOCKET "/run/systemd/journal/io.systemd.journal"

/* A varlink message ends with a NUL. */
static const char question[] = "{\"method\":\"io.systemd.Journal.Synchronize\"}";

/* journald serves root only, and asks the kernel who is there: so all of this is done inside. */
static int ask_inside(void *userdata) {
        static const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = JOURNAL_SOCKET};
        const struct timeval *timeout = userdata;
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        char answer[256];
        ssize_t n;

        if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, timeout, sizeof(*timeout)) < 0 ||
            setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, timeout, sizeof(*timeout)) < 0 ||
            connect(fd, (const struct sockaddr *) &address, sizeof(address)) < 0 ||
            send(fd, question, sizeof(question), MSG_NOSIGNAL) != (ssize_t) sizeof(question))
                return -errno;
        do
                n = recv(fd, answer, sizeof(answer), 0);
        while (n > 0 && !memchr(answer, '\0', (size_t) n));
        return n < 0 ? -errno : 0;
}

void journal_sync(const EnterTarget *target, uint64_t timeout_usec) {
        struct timeval timeout = {
                .tv_sec = (time_t) (timeout_usec / USEC_PER_SEC),
                .tv_usec = (suseconds_t) (timeout_usec % USEC_PER_SEC),
        };
        int result;

        (void) enter_call(target, CLONE_NEWNS | CLONE_NEWPID, ask_inside, &timeout, &result, NULL);
}
