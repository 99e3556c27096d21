/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/detach.h"
#include "base/paths.h"
#include "base/process.h"
#include "base/strv.h"
#include "state/lock.h"
#include "state/mounted.h"
#include "state/own-dir.h"
#include "state/trash.h"

/* @ret_fd: -EBADF: there is none. */
static int trash_open(int state_fd, int *ret_fd, Error *reterr) {
        _cleanup_close_ int fd = -EBADF;
        int r = fs_open_beneath_optional(state_fd, TRASH_DIR, O_RDONLY | O_DIRECTORY, &fd, reterr);

        if (r < 0)
                return error_prefix(reterr, r, "'.containers'");
        r = fd >= 0 ? own_dir_check(fd, TRASH_DIR, reterr) : 0;
        if (r < 0)
                return r;
        *ret_fd = TAKE_FD(fd);
        return 0;
}

/* Another command may remove it at any time, when it is empty. Return: the fd. */
static int trash_make(int state_fd, Error *reterr) {
        for (;;) {
                int fd, r;

                if (mkdirat(state_fd, TRASH_DIR, 0700) < 0 && errno != EEXIST)
                        return error_set(reterr, errno, "make '" STATE_DIR_NAME "/" TRASH_DIR "'");
                r = trash_open(state_fd, &fd, reterr);
                if (r < 0 || fd >= 0)
                        return r < 0 ? r : fd;
        }
}

/* Not a name that could be taken: only root can put something there. Return: 0 or a negative errno. */
static int trash_move(int dir_fd, const char *name, int trash_fd) {
        _cleanup_free_ char *to = NULL;
        uint64_t lot;

        if (getrandom(&lot, sizeof(lot), 0) != sizeof(lot))
                return -EIO;
        to = xasprintf("%016" PRIx64, lot);
        if (renameat2(dir_fd, name, trash_fd, to, 0) >= 0)
                return 0;
        if (errno != EPERM || !fs_clear_flags(dir_fd, name))
                return -errno;
        return renameat2(dir_fd, name, trash_fd, to, 0) < 0 ? -errno : 0;
}

int trash_put(int state_fd, int dir_fd, const char *name, Error *reterr) {
        for (;;) {
                _cleanup_close_ int trash_fd = -EBADF;
                bool there;
                int r = fs_is_there(dir_fd, name, &there, reterr);

                if (r < 0 || !there)
                        return r;
                r = mounted_refuse(dir_fd, name, reterr);
                if (r < 0)
                        return r;
                trash_fd = trash_make(state_fd, reterr);
                if (trash_fd < 0)
                        return trash_fd;
                r = trash_move(dir_fd, name, trash_fd);
                /* ENOENT: another command has removed `.trash`, or has moved the tree. */
                if (r != -ENOENT)
                        return r < 0 ? error_set(reterr, r, "move '%s' aside", name) : 0;
        }
}

bool trash_is_used(int state_fd) {
        bool used;

        return fs_is_there(state_fd, TRASH_DIR, &used, NULL) < 0 || used;
}

static int trash_remove_all(int fd, FsRemoveWatch watch, void *userdata, Error *reterr) {
        _cleanup_strv_ char **names = NULL;
        int r = fs_list(fd, &names);

        if (r < 0)
                return error_set(reterr, r, "list '" STATE_DIR_NAME "/" TRASH_DIR "'");
        STRV_FOREACH (name, names) {
                if (r < 0)
                        break;
                r = fs_remove_tree_watched(fd, *name, watch, userdata, reterr);
        }
        return r < 0 ? error_prefix(reterr, r, "'" STATE_DIR_NAME "/" TRASH_DIR "'") : 0;
}

/* The directory's own lock, which only root can take. Return: 1 taken, 0 another process has it. */
static int trash_lock(int fd, bool wait, Error *reterr) {
        if (flock(fd, LOCK_EX | LOCK_NB) >= 0)
                return 1;
        if (errno != EWOULDBLOCK)
                return error_set(reterr, errno, "lock '" STATE_DIR_NAME "/" TRASH_DIR "'");
        return wait ? lock_wait(fd, LOCK_EX, TRASH_DIR, UINT64_MAX, reterr) : 0;
}

static bool trash_go_on(uint64_t n, void *userdata) {
        return n % 256 != 0 || !process_is_interrupted();
}

bool trash_is_left(int state_fd) {
        _cleanup_close_ int fd = -EBADF;

        return trash_open(state_fd, &fd, NULL) >= 0 && fd >= 0 &&
               trash_lock(fd, /* wait= */ false, NULL) > 0;
}

int trash_empty(int state_fd, bool wait, FsRemoveWatch watch, void *userdata, Error *reterr) {
        for (;;) {
                _cleanup_close_ int fd = -EBADF;
                int r = trash_open(state_fd, &fd, reterr);

                if (r < 0 || fd < 0)
                        return r;
                r = trash_lock(fd, wait, reterr);
                if (r == 0 && wait)
                        continue;
                if (r <= 0)
                        return r;
                r = trash_remove_all(fd, watch ? watch : trash_go_on, userdata, reterr);
                if (r < 0)
                        return r;
                if (unlinkat(state_fd, TRASH_DIR, AT_REMOVEDIR) >= 0 || errno == ENOENT)
                        return 0;
                /* Another command has put something there meanwhile. */
                if (errno != ENOTEMPTY && errno != EEXIST)
                        return error_set(reterr, errno, "remove '" STATE_DIR_NAME "/" TRASH_DIR "'");
        }
}

static void trash_work(void *userdata) {
        (void) trash_empty(*(const int *) userdata, /* wait= */ false, NULL, NULL, NULL);
}

int trash_empty_behind(int state_fd, Error *reterr) {
        _cleanup_close_ int fd = -EBADF;
        int r = trash_open(state_fd, &fd, reterr);

        if (r < 0 || fd < 0)
                return r;
        r = detach_run(trash_work, &state_fd, &state_fd, 1, "fc-trash");
        return r < 0 ? trash_empty(state_fd, /* wait= */ false, NULL, NULL, reterr) : 0;
}
