/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/fs.h"
#include "base/in-root.h"

int root_open(int root_fd, const char *path, int flags) {
        struct open_how how = {
                .flags = (uint64_t) (flags | O_CLOEXEC),
                .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
        };

        /* EAGAIN: something was renamed or mounted while ".." was resolved, and the kernel cannot say any
         * more whether that stayed inside. */
        for (int attempt = 0;; attempt++) {
                int fd = (int) syscall(SYS_openat2, root_fd, path, &how, sizeof(how));

                if (fd >= 0 || errno != EAGAIN || attempt == 100)
                        return fd < 0 ? -errno : fd;
        }
}

char *root_read(int root_fd, const char *path, size_t max) {
        _cleanup_close_ int path_fd = root_open(root_fd, path, O_PATH), fd = -EBADF;
        char proc[FS_PROC_FD_MAX], *text = NULL;
        struct stat st;

        /* Looked at before it is opened for reading: opening a FIFO would wait for a writer. */
        if (path_fd < 0 || fstat(path_fd, &st) < 0 || !S_ISREG(st.st_mode))
                return NULL;
        /* With a lease on it, fcntl(2), the guest could make us wait as long as it likes. */
        fd = open(fs_proc_fd(proc, path_fd), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (fd < 0 || fs_read_fd(fd, path, max, &text, NULL, NULL) < 0)
                return NULL;
        return text;
}
