/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "state/lock-ask.h"

/* The byte whose lock is the request. Such locks may lie where the file has other content. */
static off_t ask_byte(LockAsk ask) {
        return ask == LOCK_ASK_STOP ? 0 : 1;
}

/* Open for both ends: as long as one holder has it open, the end of another, or of an asker, is not an
 * event. */
static int ask_open_fifo(LockAsk least, int dir_fd, const char *name, bool make) {
        _cleanup_free_ char *file = xasprintf("%s.%s", name, least == LOCK_ASK_STOP ? "stop" : "ask");
        _cleanup_close_ int fd = -EBADF;
        struct stat st;

        if (make && mkfifoat(dir_fd, file, 0600) < 0 && errno != EEXIST)
                return -errno;
        fd = openat(dir_fd, file, O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        return fstat(fd, &st) >= 0 && S_ISFIFO(st.st_mode) ? TAKE_FD(fd) : -EINVAL;
}

/* Where there is none, no holder listens. The holder does not read it, which would be an event as well. Some
 * kernels tell only of an empty one. */
static void ask_wake(LockAsk least, int dir_fd, const char *name) {
        _cleanup_close_ int fifo = ask_open_fifo(least, dir_fd, name, /* make= */ false);
        char bytes[64];

        if (fifo < 0)
                return;
        while (read(fifo, bytes, sizeof(bytes)) > 0)
                ;
        (void) !write(fifo, "", 1);
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
        for (LockAsk least = LOCK_ASK_RESTART; least <= ask; least++)
                ask_wake(least, dir_fd, name);
        *ret_fd = TAKE_FD(fd);
        return 0;
}

void lock_heed_add(LockAsk least, int dir_fd, const char *name, Lock *lock) {
        _cleanup_close_ int fd = ask_open_fifo(least, dir_fd, name, /* make= */ true);

        if (fd < 0 || fcntl(fd, F_SETOWN, getpid()) < 0 || fcntl(fd, F_SETSIG, SIGTERM) < 0 ||
            fcntl(fd, F_SETFL, O_NONBLOCK | O_ASYNC) < 0)
                return;
        lock->ask_fd = TAKE_FD(fd);
}

static sigset_t only(int signal) {
        sigset_t set;

        (void) sigemptyset(&set);
        (void) sigaddset(&set, signal);
        return set;
}

/* The kernel's own signals for a file have another code than those of kill(2), and tell which file. */
static bool is_request(const siginfo_t *info, const Lock *locks, size_t n) {
        if (info->si_code != POLL_IN && info->si_code != POLL_OUT)
                return false;
        for (size_t i = 0; i < n; i++)
                if (locks[i].ask_fd >= 0 && locks[i].ask_fd == info->si_fd)
                        return true;
        return false;
}

void lock_heed_as_event(const Lock *locks, size_t n) {
        const sigset_t set = only(LOCK_HEED_SIGNAL), term = only(SIGTERM);
        const struct timespec now = {};
        siginfo_t info;

        (void) sigprocmask(SIG_BLOCK, &set, NULL);
        for (size_t i = 0; i < n; i++)
                if (locks[i].ask_fd >= 0)
                        (void) fcntl(locks[i].ask_fd, F_SETSIG, LOCK_HEED_SIGNAL);
        if (sigtimedwait(&term, &info, &now) == SIGTERM && !is_request(&info, locks, n))
                (void) kill(getpid(), SIGTERM);
}

bool lock_heed_is_asked(LockAsk least, const Lock *lock, LockHolder *ret) {
        struct flock byte = {.l_type = F_WRLCK,
                             .l_whence = SEEK_SET,
                             .l_start = ask_byte(LOCK_ASK_STOP),
                             .l_len = ask_byte(least) + 1};

        if (lock->fd < 0 || fcntl(lock->fd, F_OFD_GETLK, &byte) < 0 || byte.l_type == F_UNLCK)
                return false;
        lock_read_process(lock->fd, LOCK_ASKER_OFFSET, ret);
        return true;
}
