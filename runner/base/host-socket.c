/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "base/host-exec.h"
#include "base/host-socket.h"
#include "base/scm.h"

static int broker_fd = -EBADF;
static pid_t broker_pid;

typedef struct Request {
        int family, type, protocol;
} Request;

void host_socket_adopt(int fd) {
        const int on = 1;

        (void) fcntl(fd, F_SETFD, FD_CLOEXEC);
        (void) setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on));
        broker_fd = fd;
}

bool host_socket_is_brokered(void) {
        return broker_fd >= 0;
}

int host_socket_broker_fd(void) {
        return broker_fd;
}

static int ask_broker(const Request *request) {
        ScmMessage answer = {};
        int error = 0, r;

        r = scm_send(broker_fd, request, sizeof(*request), NULL, 0);
        if (r >= 0)
                r = scm_receive(broker_fd, 0, &error, sizeof(error), &answer);
        if (r < 0)
                return r;
        broker_pid = answer.sender;
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

char *host_socket_proc_path(const char *name) {
        if (broker_pid > 0)
                return xasprintf("/proc/%d/net/%s", (int) broker_pid, name);
        /* A namespace that only this thread has entered counts: not /proc/net, which is the process's. */
        return xasprintf("/proc/thread-self/net/%s", name);
}

/* Return: whether the other end is there still. */
static bool serve_socket(int fd, const Request *request) {
        _cleanup_close_ int made = socket(request->family, request->type | SOCK_CLOEXEC, request->protocol);
        int error = made < 0 ? -errno : 0;

        return scm_send(fd, &error, sizeof(error), &made, made >= 0 ? 1 : 0) >= 0;
}

void host_socket_serve(int fd) {
        union {
                Request socket;
                HostExecRequest program;
        } request;
        bool goes_on = true;

        /* None of what it starts is waited for. */
        (void) signal(SIGCHLD, SIG_IGN);
        while (goes_on) {
                _cleanup_(scm_done) ScmMessage message = {};
                int r = scm_receive(fd, 0, &request, sizeof(request), &message);

                /* Descriptors for which there is no room here have been closed, which tells who asked:
                 * others go on to ask. */
                if (r == -EMSGSIZE)
                        continue;
                if (r < 0)
                        return;
                if (message.size == sizeof(request.program))
                        host_exec_serve(fd, &request.program, &message);
                else
                        goes_on =
                                message.size == sizeof(request.socket) && serve_socket(fd, &request.socket);
        }
}
