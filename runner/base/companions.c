/* SPDX-License-Identifier: MIT */

#include <fcntl.h>

#include "base/alloc.h"
#include "base/companions.h"
#include "base/fs.h"
#include "base/strv.h"

#define TEXT_MAX ((size_t) 1 << 16)

/* A machine that ends takes its cgroup along. */
static pid_t find_in_cgroup(int base_fd, const char *path, bool (*matches)(pid_t pid, void *data),
                            void *data) {
        _cleanup_close_ int fd = openat(base_fd, path, O_RDONLY | O_CLOEXEC);
        _cleanup_free_ char *text = NULL;
        char *rest, *line;

        if (fd < 0 || fs_read_fd(fd, path, TEXT_MAX, &text, NULL, NULL) < 0)
                return 0;
        for (rest = text; (line = strsep(&rest, "\n"));) {
                pid_t pid = (pid_t) strtol(line, NULL, 10);

                if (pid > 0 && matches(pid, data))
                        return pid;
        }
        return 0;
}

pid_t companions_find(int base_fd, bool (*matches)(pid_t pid, void *data), void *data) {
        _cleanup_close_ int top =
                openat(base_fd, COMPANIONS_OF_MACHINES, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        pid_t pid = find_in_cgroup(base_fd, COMPANIONS_OF_COMMANDS "/cgroup.procs", matches, data);
        _cleanup_strv_ char **machines = NULL;

        if (top < 0 || fs_list(top, &machines) < 0)
                return pid;
        STRV_FOREACH (machine, machines) {
                _cleanup_free_ char *path = xasprintf("%s/runner/cgroup.procs", *machine);

                if (pid == 0)
                        pid = find_in_cgroup(top, path, matches, data);
        }
        return pid;
}
