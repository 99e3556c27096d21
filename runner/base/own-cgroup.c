/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/own-cgroup.h"

/* Where cgroups of version 1 are as well it has a line for each. */
#define OWN_PATH_MAX ((size_t) 1 << 16)

/* The kernel's file says "0::/PATH" of cgroup2. */
int own_cgroup_path(char **ret, Error *reterr) {
        static const char file[] = "/proc/self/cgroup";
        _cleanup_close_ int fd = open(file, O_RDONLY | O_CLOEXEC);
        _cleanup_free_ char *text = NULL;
        char *rest, *line;
        int r;

        if (fd < 0)
                return error_set(reterr, errno, "open '%s'", file);
        r = fs_read_fd(fd, file, OWN_PATH_MAX, &text, NULL, reterr);
        if (r < 0)
                return r;
        for (rest = text; (line = strsep(&rest, "\n"));) {
                const char *path = startswith(line, "0::");

                if (path && path[0] == '/') {
                        *ret = xstrdup(path);
                        return 0;
                }
        }
        return error_raise(reterr, FC_EXIT_HOST, "this process is not in a cgroup of cgroup2");
}

int own_cgroup_open(Error *reterr) {
        _cleanup_free_ char *own = NULL, *path = NULL;
        int r = own_cgroup_path(&own, reterr), fd;

        if (r < 0)
                return r;
        path = xasprintf(CGROUP_MOUNT "%s", own);
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 ? error_set(reterr, errno, "open '%s'", path) : fd;
}

pid_t own_cgroup_fork(int fd) {
        struct clone_args args = {
                .flags = CLONE_INTO_CGROUP,
                .exit_signal = SIGCHLD,
                .cgroup = (uint64_t) fd,
        };

        return (pid_t) syscall(SYS_clone3, &args, sizeof(args));
}
