/* SPDX-License-Identifier: MIT */

#include <inttypes.h>
#include <signal.h>
#include <string.h>

#include "base/alloc.h"
#include "base/process.h"
#include "keeper/restart.h"
#include "keeper/service-starts.h"
#include "record/record.h"

#define STARTS_RECORD "starts"
#define PACE_RECORD   "pace"

static int read_starts(int runtime_fd, StartLimit *ret, Error *reterr) {
        _cleanup_free_ char *text = NULL;
        StartLimit starts = {};
        int r;

        r = record_read(runtime_fd, STARTS_RECORD, &text, reterr);
        if (r < 0)
                return r;
        if (text && sscanf(text, "%" SCNu64 " %u", &starts.begin_usec, &starts.n) != 2)
                return record_damaged(STARTS_RECORD, reterr);
        *ret = starts;
        return 0;
}

int starts_count(int runtime_fd, bool first, Error *reterr) {
        _cleanup_free_ char *text = NULL;
        StartLimit starts = {};
        int r;

        r = first ? 0 : read_starts(runtime_fd, &starts, reterr);
        if (r < 0)
                return r;
        start_limit_count(&starts, now_usec());
        text = xasprintf("%" PRIu64 " %u", starts.begin_usec, starts.n);
        return record_write(runtime_fd, STARTS_RECORD, text, reterr);
}

int starts_reached(int runtime_fd, bool *ret, Error *reterr) {
        StartLimit starts;
        int r = read_starts(runtime_fd, &starts, reterr);

        if (r < 0)
                return r;
        *ret = start_limit_is_reached(&starts, now_usec());
        return 0;
}

typedef struct Pace {
        uint64_t started_usec; /* CLOCK_MONOTONIC; 0: nothing is known */
        uint64_t due_usec;     /* likewise, of the next start */
        RebootPace reboots;
} Pace;

static int read_pace(int runtime_fd, Pace *ret, Error *reterr) {
        _cleanup_free_ char *text = NULL;
        Pace pace = {};
        int r;

        r = record_read(runtime_fd, PACE_RECORD, &text, reterr);
        if (r < 0)
                return r;
        if (text && sscanf(text, "%" SCNu64 " %" SCNu64 " %u", &pace.started_usec, &pace.due_usec,
                           &pace.reboots.soon) != 3)
                return record_damaged(PACE_RECORD, reterr);
        *ret = pace;
        return 0;
}

static int write_pace(int runtime_fd, const Pace *pace, Error *reterr) {
        _cleanup_free_ char *text = xasprintf("%" PRIu64 " %" PRIu64 " %u", pace->started_usec,
                                              pace->due_usec, pace->reboots.soon);

        return record_write(runtime_fd, PACE_RECORD, text, reterr);
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

int start_pace_note_failure(int runtime_fd, Error *reterr) {
        uint64_t now = now_usec();
        StartLimit starts;
        Pace pace = {};
        int r;

        r = read_starts(runtime_fd, &starts, reterr);
        if (r < 0)
                return r;
        pace.due_usec = now + start_limit_delay(&starts, now);
        return write_pace(runtime_fd, &pace, reterr);
}

int start_pace_forget(int runtime_fd, Error *reterr) {
        return record_remove(runtime_fd, PACE_RECORD, reterr);
}

/* Return: 1 it is then, 0 SIGTERM came first. */
static int starts_wait_until(uint64_t due_usec, Error *reterr) {
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
        r = starts_wait_until(pace.due_usec, reterr);
        if (r <= 0)
                return r;
        pace.started_usec = now_usec();
        pace.due_usec = 0;
        r = write_pace(runtime_fd, &pace, reterr);
        return r < 0 ? r : 1;
}
