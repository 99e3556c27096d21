/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>

#include "keeper/reboot-pace.h"
#include "base/alloc.h"
#include "base/fs.h"
#include "base/process.h"
#include "unit/start-pace.h"

#define RECORD     "pace"
#define RECORD_MAX 128

typedef struct Pace {
        uint64_t started_usec; /* CLOCK_MONOTONIC; 0: nothing is known */
        uint64_t due_usec;     /* likewise, of the next start */
        RebootPace reboots;
} Pace;

static int read_pace(int runtime_fd, Pace *ret, Error *reterr) {
        _cleanup_close_ int fd = -EBADF;
        _cleanup_free_ char *text = NULL;
        Pace pace = {};
        int r;

        r = fs_open_beneath_optional(runtime_fd, RECORD, O_RDONLY, &fd, reterr);
        if (r >= 0 && fd >= 0)
                r = fs_read_fd(fd, RECORD, RECORD_MAX, &text, NULL, reterr);
        if (r < 0)
                return r;
        if (text && sscanf(text, "%" SCNu64 " %" SCNu64 " %u", &pace.started_usec, &pace.due_usec,
                           &pace.reboots.soon) != 3)
                return error_raise(reterr, FC_EXIT_INTERNAL, "the record '" RECORD "' is damaged");
        *ret = pace;
        return 0;
}

static int write_pace(int runtime_fd, const Pace *pace, Error *reterr) {
        _cleanup_free_ char *text = xasprintf("%" PRIu64 " %" PRIu64 " %u", pace->started_usec,
                                              pace->due_usec, pace->reboots.soon);

        return fs_write_atomic(runtime_fd, RECORD, text, strlen(text), 0644, reterr);
}

int start_pace_note_reboot(int runtime_fd, char **ret_detail, Error *reterr) {
        uint64_t now = now_usec(), delay;
        Pace pace;
        int r;

        r = read_pace(runtime_fd, &pace, reterr);
        if (r < 0)
                return r;
        delay = reboot_pace_next(&pace.reboots, now - pace.started_usec);
        pace.due_usec = now + delay;
        r = write_pace(runtime_fd, &pace, reterr);
        if (r < 0)
                return r;
        *ret_detail = reboot_pace_describe(&pace.reboots, delay);
        return 0;
}

int start_pace_forget(int runtime_fd, Error *reterr) {
        if (unlinkat(runtime_fd, RECORD, 0) < 0 && errno != ENOENT)
                return error_set(reterr, errno, "remove '" RECORD "'");
        return 0;
}

/* Return: 1 it is then, 0 SIGTERM came first. */
static int wait_until(uint64_t due_usec, Error *reterr) {
        sigset_t terminate, before;
        int r = 1;

        (void) sigemptyset(&terminate);
        (void) sigaddset(&terminate, SIGTERM);
        (void) sigprocmask(SIG_BLOCK, &terminate, &before);
        for (uint64_t now = now_usec(); r == 1 && now < due_usec; now = now_usec()) {
                uint64_t left = due_usec - now;
                struct timespec timeout = {.tv_sec = (time_t) (left / USEC_PER_SEC),
                                           .tv_nsec = (long) (left % USEC_PER_SEC * 1000)};

                if (sigtimedwait(&terminate, NULL, &timeout) >= 0)
                        r = 0;
                else if (errno != EAGAIN && errno != EINTR)
                        r = error_set(reterr, errno, "wait for the reboot");
        }
        (void) sigprocmask(SIG_SETMASK, &before, NULL);
        return r;
}

int start_pace_wait(int runtime_fd, Error *reterr) {
        Pace pace;
        int r;

        r = read_pace(runtime_fd, &pace, reterr);
        if (r < 0)
                return r;
        r = wait_until(pace.due_usec, reterr);
        if (r <= 0)
                return r;
        pace.started_usec = now_usec();
        pace.due_usec = 0;
        r = write_pace(runtime_fd, &pace, reterr);
        return r < 0 ? r : 1;
}
