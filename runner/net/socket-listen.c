/* SPDX-License-Identifier: MIT */

#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/alloc.h"
#include "net/socket-listen.h"

int socket_listen(const char *path, uid_t owner, Error *reterr) {
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        struct sockaddr_un address = {.sun_family = AF_UNIX};

        if (fd < 0)
                return error_set(reterr, errno, "make a socket");
        if (strlen(path) >= sizeof(address.sun_path))
                return error_raise(reterr, FC_EXIT_USAGE, "'%s' is longer than the path of a socket can be",
                                   path);
        memcpy(address.sun_path, path, strlen(path));
        if (unlink(path) < 0 && errno != ENOENT)
                return error_set(reterr, errno, "remove '%s'", path);
        if (bind(fd, (struct sockaddr *) &address, sizeof(address)) < 0)
                return error_set(reterr, errno, "bind '%s'", path);
        /* Before it takes connections. */
        if (chmod(path, 0600) < 0 || chown(path, owner, (gid_t) -1) < 0)
                return error_set(reterr, errno, "set the owner of '%s'", path);
        if (listen(fd, SOMAXCONN) < 0)
                return error_set(reterr, errno, "listen at '%s'", path);
        return TAKE_FD(fd);
}
