/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "remote/socket-dir.h"

#define IN_RUNTIME "flake-containers/remote"
#define IN_HOME    ".cache/flake-containers/remote"
/* sun_path, without what we and ssh(1), while it makes one, append. */
#define PATH_LENGTH_MAX (108 - 24 - 18)
#define SOCKET_PLAIN    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./"

/* Only this user can change what is in it. */
static bool socket_dir_is_private(int fd, mode_t others) {
        struct stat st;

        return fstat(fd, &st) >= 0 && st.st_uid == geteuid() && (st.st_mode & others) == 0;
}

/* Return: the fd; -EBADF and no Error: it cannot be there, as in a home that cannot be written to. */
static int socket_dir_try(const char *base, const char *below, char **ret_path, Error *reterr) {
        _cleanup_close_ int base_fd = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd = -EBADF;
        _cleanup_free_ char *path = xasprintf("%s/%s", base, below);

        if (base[0] != '/' || base_fd < 0 || !socket_dir_is_private(base_fd, 022) ||
            strlen(path) > PATH_LENGTH_MAX || path[strspn(path, SOCKET_PLAIN)])
                return -EBADF;
        fd = fs_mkdir_beneath(base_fd, below, 0700, NULL);
        if (fd < 0)
                return -EBADF;
        if (!socket_dir_is_private(fd, 077))
                return error_raise(reterr, FC_EXIT_CONFLICT, "'%s' can be entered by other users", path);
        *ret_path = TAKE_PTR(path);
        return TAKE_FD(fd);
}

int socket_dir_open(char **ret_path, Error *reterr) {
        const struct passwd *pw = getpwuid(geteuid());
        const char *runtime = getenv("XDG_RUNTIME_DIR");
        int fd = pw ? socket_dir_try(pw->pw_dir, IN_HOME, ret_path, reterr) : -EBADF;

        if (fd == -EBADF && runtime)
                fd = socket_dir_try(runtime, IN_RUNTIME, ret_path, reterr);
        if (fd != -EBADF)
                return fd;
        return error_raise(reterr, FC_EXIT_HOST,
                           "there is no directory for the socket of a connection: neither the home nor "
                           "$XDG_RUNTIME_DIR is this user's alone to write to and has a short, plain path");
}
