/* SPDX-License-Identifier: MIT */

#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "keeper/control.h"

static const char *const kind_table[_CONTROL_KIND_MAX] = {
        [CONTROL_LEADER] = "LEADER", [CONTROL_STATUS] = "STATUS",
        [CONTROL_READY] = "READY",   [CONTROL_RESTARTING] = "RESTARTING",
        [CONTROL_EXITED] = "EXITED", [CONTROL_ERROR] = "ERROR",
        [CONTROL_LOST] = "LOST",
};

#define SEND_ATTEMPTS 3

/* A guest may have as much to say of its state as it likes while the command is stopped. What the command
 * waits for has the other half of the buffer. */
static bool control_takes_status(int fd) {
        socklen_t length = sizeof(int);
        int queued = 0, size = 0;

        return ioctl(fd, SIOCOUTQ, &queued) >= 0 &&
               getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, &length) >= 0 && queued < size / 2;
}

void control_send(int fd, ControlKind kind, const char *text) {
        char buffer[CONTROL_MESSAGE_MAX];
        int n;

        if (fd < 0 || (kind == CONTROL_STATUS && !control_takes_status(fd)))
                return;
        n = snprintf(buffer, sizeof(buffer), "%s %s", kind_table[kind], text ? text : "");
        if (n < 0)
                return;
        if ((size_t) n >= sizeof(buffer))
                n = sizeof(buffer) - 1;
        /* A kernel that is short of memory for a moment may not cost the command its deadline. */
        for (unsigned i = 0; i < SEND_ATTEMPTS; i++)
                if (send(fd, buffer, (size_t) n, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0 || errno == EPIPE ||
                    errno == ECONNRESET)
                        return;
}

int control_receive(int fd, ControlMessage *ret) {
        char buffer[CONTROL_MESSAGE_MAX + 1], *space;
        ssize_t n;

        do
                n = recv(fd, buffer, CONTROL_MESSAGE_MAX, MSG_DONTWAIT);
        while (n < 0 && errno == EINTR);
        if (n < 0)
                return errno == ECONNRESET ? 0 : -errno;
        if (n == 0)
                return 0;
        buffer[n] = '\0';
        space = strchr(buffer, ' ');
        if (!space)
                return -EBADMSG;
        *space = '\0';
        for (ControlKind kind = 0; kind < _CONTROL_KIND_MAX; kind++)
                if (streq(buffer, kind_table[kind])) {
                        ret->kind = kind;
                        (void) snprintf(ret->text, sizeof(ret->text), "%s", space + 1);
                        return 1;
                }
        return -EBADMSG;
}
