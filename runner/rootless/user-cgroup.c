/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "rootless/user-cgroup.h"

#define TEXT_MAX ((size_t) 1 << 16)

static char *read_text(int dir_fd, const char *path) {
        _cleanup_close_ int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC);
        char *text = NULL;

        return fd >= 0 && fs_read_fd(fd, path, TEXT_MAX, &text, NULL, NULL) >= 0 ? text : NULL;
}

/* Return: where cgroup2 is, an fd. */
static int user_cgroup_open_mount(void) {
        static const char *const usual[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};

        for (size_t i = 0; i < ELEMENTSOF(usual); i++) {
                struct statfs st;
                int fd = open(usual[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);

                if (fd >= 0 && fstatfs(fd, &st) >= 0 && st.f_type == CGROUP2_SUPER_MAGIC)
                        return fd;
                (void) safe_close(fd);
        }
        return -ENOENT;
}

/* "0::/PATH". Owned by the caller, NULL: it is not told. */
static char *own_path(void) {
        _cleanup_free_ char *text = read_text(AT_FDCWD, "/proc/self/cgroup");
        char *rest = text, *line;

        while (text && (line = strsep(&rest, "\n"))) {
                const char *path = startswith(line, "0::/");

                if (path)
                        return xstrdup(path);
        }
        return NULL;
}

static bool is_own(int fd) {
        struct stat directory, processes;

        return fstat(fd, &directory) >= 0 && directory.st_uid == geteuid() &&
               fstatat(fd, "cgroup.procs", &processes, 0) >= 0 && processes.st_uid == geteuid();
}

static int raise_none(Error *reterr) {
        int r = error_raise(reterr, FC_EXIT_HOST,
                            "without root this needs a control group of the user's own");

        error_add_hint(reterr,
                       "root makes one: mkdir BASE BASE/session; chown %u BASE{,/session}{,/cgroup.procs}"
                       ",/cgroup.subtree_control}; echo SHELL >BASE/session/cgroup.procs",
                       (unsigned) geteuid());
        return r;
}

int user_cgroup_open(Error *reterr) {
        _cleanup_close_ int fd = user_cgroup_open_mount();
        _cleanup_free_ char *path = own_path();
        char *rest = path, *name;

        while (fd >= 0 && path && (name = strsep(&rest, "/"))) {
                int child = name[0] == '\0' ? -ENOENT
                                            : fs_open_beneath(fd, name, O_RDONLY | O_DIRECTORY, 0, NULL);

                if (child < 0)
                        break;
                (void) safe_close(fd);
                fd = child;
                if (is_own(fd))
                        return TAKE_FD(fd);
        }
        return raise_none(reterr);
}
