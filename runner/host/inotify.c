/* SPDX-License-Identifier: MIT */

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "host/inotify.h"

#define LIMIT "/proc/sys/fs/inotify/max_user_instances"

/* Of this user, or of a user namespace that this user has made: those of others can only be looked into by
 * root, as whose own they count. */
static bool counts_as_ours(int process_fd, const struct stat *own_userns) {
        struct stat st;

        if (fstatat(process_fd, "ns/user", &st, 0) < 0)
                return false;
        if (st.st_ino != own_userns->st_ino)
                return true;
        return fstat(process_fd, &st) >= 0 && st.st_uid == geteuid();
}

static unsigned count_of(int process_fd) {
        _cleanup_(closedirp) DIR *d = NULL;
        int fd = openat(process_fd, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        const struct dirent *entry;
        unsigned n = 0;

        d = fd < 0 ? NULL : fdopendir(fd);
        if (!d) {
                (void) safe_close(fd);
                return 0;
        }
        while ((entry = readdir(d))) {
                char target[64];
                ssize_t size = readlinkat(dirfd(d), entry->d_name, target, sizeof(target) - 1);

                target[size > 0 ? size : 0] = '\0';
                n += streq(target, "anon_inode:inotify");
        }
        return n;
}

int inotify_count(InotifyUse *ret, Error *reterr) {
        _cleanup_close_ int limit = open(LIMIT, O_RDONLY | O_CLOEXEC);
        _cleanup_(closedirp) DIR *d = opendir("/proc");
        _cleanup_free_ char *text = NULL;
        const struct dirent *entry;
        struct stat own_userns;
        InotifyUse use = {};
        int r;

        if (limit < 0 || !d || stat("/proc/self/ns/user", &own_userns) < 0)
                return error_set(reterr, errno, "count inotify instances");
        r = fs_read_fd(limit, LIMIT, 64, &text, NULL, reterr);
        if (r < 0)
                return r;
        use.max = (unsigned) strtoul(text, NULL, 10);
        while ((entry = readdir(d))) {
                _cleanup_close_ int fd = -EBADF;

                if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
                        continue;
                fd = openat(dirfd(d), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                if (fd >= 0 && counts_as_ours(fd, &own_userns))
                        use.used += count_of(fd);
        }
        *ret = use;
        return 0;
}
