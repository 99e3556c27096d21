/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/inotify.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "state/lock-ask.h"

/* The byte whose lock is the request. Such locks may lie where the file has other content. */
static off_t ask_byte(LockAsk ask) {
        return ask == LOCK_ASK_STOP ? 0 : 1;
}

int lock_ask(int dir_fd, const char *name, const char *verb, LockAsk ask, int *ret_fd, Error *reterr) {
        struct flock byte = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = ask_byte(ask), .l_len = 1};
        _cleanup_free_ char *file = xasprintf("%s.lock", name),
                            *text = xasprintf("%d %s\n", (int) getpid(), verb);
        _cleanup_close_ int fd = fs_open_beneath(dir_fd, file, O_RDWR, 0, reterr);

        if (fd < 0)
                return fd;
        /* In this order: the holder that is woken finds it. Locks for reading are shared, so several ask. */
        if (fcntl(fd, F_OFD_SETLK, &byte) < 0 || pwrite(fd, text, strlen(text) + 1, LOCK_ASKER_OFFSET) < 0)
                return error_set(reterr, errno, "ask the holder of lock '%s'", name);
        *ret_fd = TAKE_FD(fd);
        return 0;
}

void lock_heed_open(LockHeed *heed, LockAsk least) {
        _cleanup_close_ int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

        *heed = (LockHeed){.fd = -EBADF, .least = least};
        if (fd < 0 || fcntl(fd, F_SETOWN, getpid()) < 0 || fcntl(fd, F_SETSIG, SIGTERM) < 0 ||
            fcntl(fd, F_SETFL, O_NONBLOCK | O_ASYNC) < 0)
                return;
        heed->fd = TAKE_FD(fd);
}

/* The kernel's own signals for a file have another code than those of kill(2). */
static void drop_signal(void) {
        const struct timespec now = {};
        siginfo_t info;
        sigset_t set;

        (void) sigemptyset(&set);
        (void) sigaddset(&set, SIGTERM);
        if (sigtimedwait(&set, &info, &now) == SIGTERM && info.si_code != POLL_IN)
                (void) kill(getpid(), SIGTERM);
}

void lock_heed_as_event(LockHeed *heed) {
        if (heed->fd < 0)
                return;
        (void) fcntl(heed->fd, F_SETFL, O_NONBLOCK);
        drop_signal();
}

void lock_heed_close(LockHeed *heed) {
        lock_heed_as_event(heed);
        heed->fd = safe_close(heed->fd);
}

void lock_heed_add(const LockHeed *heed, const Lock *lock) {
        char path[FS_PROC_FD_MAX];

        if (heed->fd < 0)
                return;
        (void) inotify_add_watch(heed->fd, fs_proc_fd(path, lock->fd), IN_MODIFY);
}

void lock_heed_drain(const LockHeed *heed) {
        char events[4096];

        while (read(heed->fd, events, sizeof(events)) > 0)
                ;
}

bool lock_heed_is_asked(const LockHeed *heed, const Lock *lock, LockHolder *ret) {
        struct flock byte = {.l_type = F_WRLCK,
                             .l_whence = SEEK_SET,
                             .l_start = ask_byte(LOCK_ASK_STOP),
                             .l_len = ask_byte(heed->least) + 1};

        if (lock->fd < 0 || fcntl(lock->fd, F_OFD_GETLK, &byte) < 0 || byte.l_type == F_UNLCK)
                return false;
        lock_read_process(lock->fd, LOCK_ASKER_OFFSET, ret);
        return true;
}
