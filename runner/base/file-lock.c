/* SPDX-License-Identifier: MIT */

#include <sys/file.h>

#include "base/child.h"
#include "base/file-lock.h"
#include "base/process.h"

typedef struct FileLock {
        int fd, operation;
} FileLock;

static void file_lock_block(void *userdata) {
        const FileLock *lock = userdata;

        while (flock(lock->fd, lock->operation) < 0)
                if (errno != EINTR)
                        return;
}

static int file_lock_try(int fd, int operation) {
        if (flock(fd, operation | LOCK_NB) >= 0)
                return 1;
        return errno == EWOULDBLOCK ? 0 : -errno;
}

/* flock(2) belongs to the open file, which a child shares: so a child blocks in it, and when it returns the
 * lock is ours. */
int file_lock_wait(int fd, int operation, uint64_t deadline_usec) {
        int r = file_lock_try(fd, operation);

        if (r != 0)
                return r;
        r = child_run(file_lock_block, &(FileLock){fd, operation}, deadline_usec);
        /* Right also when the child got it in the last moment, or was killed before it got it. */
        return r < 0 ? r : file_lock_try(fd, operation);
}

int file_lock_take(int fd, int operation, const char *what, Error *reterr) {
        int r = file_lock_wait(fd, operation, now_usec() + FILE_LOCK_USEC);

        if (r == -EINTR)
                return error_raise(reterr, FC_EXIT_INTERRUPTED, "interrupted while waiting for %s", what);
        if (r < 0)
                return error_set(reterr, r, "lock %s", what);
        return r > 0 ? 0
                     : error_raise(reterr, FC_EXIT_CONFLICT,
                                   "%s is locked by another process, and still was after %g s", what,
                                   (double) FILE_LOCK_USEC / USEC_PER_SEC);
}
