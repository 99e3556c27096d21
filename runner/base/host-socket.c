/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <sys/socket.h>

#include "base/host-socket.h"
#include "base/scm.h"

static int broker_fd = -EBADF;

typedef struct Request {
        int family, type, protocol;
} Request;

void host_socket_adopt(int fd) {
        (void) fcntl(fd, F_SETFD, FD_CLOEXEC);
        broker_fd = fd;
}

bool host_socket_is_brokered(void) {
        return broker_fd >= 0;
}

static int ask_broker(const Request *request) {
        ScmMessage answer = {};
        int error = 0, r;

        r = scm_send(broker_fd, request, sizeof(*request), NULL, 0);
        if (r >= 0)
                r = scm_receive(broker_fd, 0, &error, sizeof(error), &answer);
        if (r < 0)
                return r;
        if (answer.size == sizeof(error) && error == 0 && answer.n_fds == 1)
                return answer.fds[0];
        scm_done(&answer);
        return answer.size == sizeof(error) && error < 0 ? error : -EPIPE;
}

int host_socket(int family, int type, int protocol) {
        int fd;

        if (broker_fd >= 0)
                return ask_broker(&(Request){family, type, protocol});
        fd = socket(family, type | SOCK_CLOEXEC, protocol);
        return fd < 0 ? -errno : fd;
}

void host_socket_serve(int fd) {
        Request request;

        for (;;) {
                _cleanup_(scm_done) ScmMessage message = {};
                _cleanup_close_ int made = -EBADF;
                int error;

                if (scm_receive(fd, 0, &request, sizeof(request), &message) < 0 ||
                    message.size != sizeof(request))
                        return;
                made = socket(request.family, request.type | SOCK_CLOEXEC, request.protocol);
                error = made < 0 ? -errno : 0;
                if (scm_send(fd, &error, sizeof(error), &made, made >= 0 ? 1 : 0) < 0)
                        return;
        }
}
