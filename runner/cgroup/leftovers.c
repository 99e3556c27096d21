/* SPDX-License-Identifier: MIT */

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/process.h"
#include "cgroup/leftovers.h"

#define NSPAWN_RUN_DIR "/run/systemd/nspawn"

/* systemd-nspawn makes such a file and locks it in the next moment. */
#define LOCK_YOUNG_USEC (50 * USEC_PER_MSEC)

static bool is_young(const struct stat *st) {
        uint64_t made = (uint64_t) st->st_ctim.tv_sec * USEC_PER_SEC + (uint64_t) st->st_ctim.tv_nsec / 1000;

        return made + LOCK_YOUNG_USEC > realtime_usec();
}

/* As systemd itself removes them: while we hold the lock. A program that has opened the file meanwhile sees,
 * when it has the lock, that the file has no name any more, and makes another. */
static void remove_unlocked(int dir_fd, const char *name) {
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        _cleanup_close_ int fd = fs_open_file_beneath(dir_fd, name, O_RDWR, 0, NULL);
        struct stat st;

        if (fd >= 0 && fstat(fd, &st) >= 0 && !is_young(&st) && fcntl(fd, F_OFD_SETLK, &lock) >= 0 &&
            fstat(fd, &st) >= 0 && st.st_nlink > 0)
                (void) unlinkat(dir_fd, name, 0);
}

/* Which is its own is not known: the tree may be gone. But a file that is not locked is not in use. They are
 * empty; one that stays is not a reason to fail. */
static void clear_locks(const char *path) {
        _cleanup_(closedirp) DIR *dir = opendir(path);

        if (!dir)
                return;
        for (const struct dirent *entry; (entry = readdir(dir));)
                if (entry->d_name[0] != '.')
                        remove_unlocked(dirfd(dir), entry->d_name);
}

int nspawn_clear_leftovers(const char *machine, Error *reterr) {
        /* In this order: 252, 257, 262. */
        static const char *const parents[] = {"propagate", "unix-export", "."};
        _cleanup_close_ int fd = -EBADF;
        struct stat st;

        if (stat(NSPAWN_RUN_DIR, &st) < 0)
                return errno == ENOENT ? 0 : error_set(reterr, errno, "look at '" NSPAWN_RUN_DIR "'");
        /* Without root there is the cell in nspawn's place, which leaves nothing here. The directory is then
         * that of the host's root, and it or what is in it is closed to others. */
        if (st.st_uid != geteuid())
                return 0;
        fd = open(NSPAWN_RUN_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return error_set(reterr, errno, "open '" NSPAWN_RUN_DIR "'");
        clear_locks(NSPAWN_RUN_DIR "/locks");
        for (size_t i = 0; i < ELEMENTSOF(parents); i++) {
                _cleanup_free_ char *path = xasprintf("%s/%s", parents[i], machine);
                _cleanup_close_ int parent = -EBADF;
                int r;

                r = fs_open_beneath_optional(fd, parents[i], O_RDONLY | O_DIRECTORY, &parent, reterr);
                if (r < 0)
                        return r;
                if (parent < 0)
                        continue;
                r = fs_remove_tree(parent, machine, reterr);
                if (r < 0)
                        return error_prefix(reterr, r, "clear '" NSPAWN_RUN_DIR "/%s'", path);
        }
        return 0;
}
