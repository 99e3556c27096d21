/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/file-lock.h"
#include "base/fs.h"
#include "base/process.h"
#include "state/lock.h"

bool lock_holder_parse(const char *text, LockHolder *ret) {
        LockHolder holder = {};
        int end = 0;

        if (sscanf(text, "%7d %31[a-z-]%n", &holder.pid, holder.verb, &end) != 2 || text[end] != '\n' ||
            holder.pid <= 0)
                return false;
        *ret = holder;
        return true;
}

/* A holder that is gone may still stand in the file: the one that took the lock after it may not have
 * written yet. */
void lock_read_process(int fd, off_t offset, LockHolder *ret) {
        char text[sizeof(ret->verb) + 16] = "";
        LockHolder holder;

        *ret = (LockHolder){};
        if (pread(fd, text, sizeof(text) - 1, offset) > 0 && lock_holder_parse(text, &holder) &&
            (kill(holder.pid, 0) >= 0 || errno == EPERM))
                *ret = holder;
}

/* What an asker has written stays: it may ask the next holder, too. */
static int write_holder(int fd, const char *verb) {
        char text[LOCK_ASKER_OFFSET] = "";

        if (verb)
                (void) snprintf(text, sizeof(text), "%d %s\n", (int) getpid(), verb);
        return pwrite(fd, text, sizeof(text), LOCK_HOLDER_OFFSET) < 0 ? -errno : 0;
}

static int raise_held(const char *name, const LockHolder *holder, uint64_t waited_usec, Error *reterr) {
        _cleanup_free_ char *what = NULL, *who = NULL, *after = NULL;
        int r;

        what = streq(name, LOCK_PROJECT)  ? xstrdup("the project")
               : streq(name, LOCK_SHARED) ? xstrdup("the use of shared containers")
                                          : xasprintf("'%s'", name);
        who = holder->pid > 0 ? xasprintf("'%s' (pid %d)", holder->verb, (int) holder->pid)
                              : xstrdup("another command");
        after = waited_usec > 0 ? xasprintf(", and still was after %.3g s",
                                            (double) waited_usec / (double) USEC_PER_SEC)
                                : xstrdup("");
        r = error_raise(reterr, FC_EXIT_CONFLICT, "%s is locked by %s%s", what, who, after);
        error_add_hint(reterr, "try again when it is done");
        return r;
}

int lock_wait(int fd, int operation, const char *name, uint64_t deadline, Error *reterr) {
        int r = file_lock_wait(fd, operation, deadline);

        if (r == -EINTR)
                return error_raise(reterr, FC_EXIT_INTERRUPTED, "interrupted while waiting for lock '%s'",
                                   name);
        return r < 0 ? error_set(reterr, r, "wait for lock '%s'", name) : r;
}

bool lock_is_current(int dir_fd, const char *file, int fd) {
        struct stat a, b;

        return fstat(fd, &a) >= 0 && fstatat(dir_fd, file, &b, AT_SYMLINK_NOFOLLOW) >= 0 &&
               a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

int lock_acquire(int dir_fd, const char *name, const char *verb, uint64_t timeout_usec, LockWaitFunc on_wait,
                 void *userdata, Lock *ret, Error *reterr) {
        uint64_t start = now_usec(),
                 deadline = timeout_usec < UINT64_MAX - start ? start + timeout_usec : UINT64_MAX;
        _cleanup_free_ char *file = xasprintf("%s.lock", name);

        for (;;) {
                _cleanup_close_ int fd = -EBADF;
                LockHolder holder;
                int r;

                fd = fs_open_beneath(dir_fd, file, O_RDWR | O_CREAT, 0600, reterr);
                if (fd < 0)
                        return fd;
                r = flock(fd, LOCK_EX | LOCK_NB) < 0 ? -errno : 1;
                if (r < 0 && r != -EWOULDBLOCK)
                        return error_set(reterr, r, "take lock '%s'", name);

                if (r < 0 && timeout_usec > 0) {
                        if (on_wait) {
                                lock_read_process(fd, LOCK_HOLDER_OFFSET, &holder);
                                on_wait(&holder, userdata);
                                on_wait = NULL;
                        }
                        r = lock_wait(fd, LOCK_EX, name, deadline, reterr);
                        if (r < 0)
                                return r;
                }
                if (r <= 0) {
                        lock_read_process(fd, LOCK_HOLDER_OFFSET, &holder);
                        return raise_held(name, &holder, timeout_usec, reterr);
                }
                if (!lock_is_current(dir_fd, file, fd))
                        continue;

                r = write_holder(fd, verb);
                if (r < 0)
                        return error_set(reterr, r, "write lock '%s'", name);
                ret->fd = TAKE_FD(fd);
                return 0;
        }
}

void lock_release(Lock *lock) {
        if (lock->fd < 0)
                return;
        /* An old holder's name may stay; lock_read_process() looks whether it lives. */
        (void) write_holder(lock->fd, /* verb= */ NULL);
        /* Not left to close(): a child that has not called exec yet may hold the same open file. */
        (void) flock(lock->fd, LOCK_UN);
        lock->fd = safe_close(lock->fd);
        lock->ask_fd = safe_close(lock->ask_fd);
}
