/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "keeper/publish-socket.h"

#define NAME    "publish"
#define BACKLOG 16

static struct sockaddr_un publish_socket_address(int runtime_fd) {
        struct sockaddr_un a = {.sun_family = AF_UNIX};

        (void) snprintf(a.sun_path, sizeof(a.sun_path), "/proc/self/fd/%d/" NAME, runtime_fd);
        return a;
}

int publish_socket_listen(int runtime_fd) {
        struct sockaddr_un a = publish_socket_address(runtime_fd);
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        if (fd < 0 || (unlinkat(runtime_fd, NAME, 0) < 0 && errno != ENOENT) ||
            bind(fd, (struct sockaddr *) &a, sizeof(a)) < 0 || fchmodat(runtime_fd, NAME, 0600, 0) < 0 ||
            listen(fd, BACKLOG) < 0)
                return -errno;
        return TAKE_FD(fd);
}

int publish_socket_connect(int runtime_fd) {
        struct sockaddr_un a = publish_socket_address(runtime_fd);
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

        if (fd < 0 || connect(fd, (struct sockaddr *) &a, sizeof(a)) < 0)
                return -errno;
        return TAKE_FD(fd);
}
