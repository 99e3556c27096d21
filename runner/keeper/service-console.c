/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>

#include "base/fs.h"
#include "base/process.h"
#include "cgroup/cgroup-find.h"
#include "cgroup/cgroup.h"
#include "keeper/machine-unit.h"
#include "keeper/service-console.h"
#include "record/console-log.h"
#include "record/console-times.h"
#include "record/state-place.h"

/* A start costs some milliseconds, too much for each line of a container that writes now and then. */
#define QUIET_MSEC 2000

/* How often the times of lines are noted while more and more come. */
#define TIMES_MSEC 10

/* Opens nspawn, with which the log ends. Return: a pidfd, 0 when it is not there (yet). */
static int open_nspawn(const char *machine, Error *reterr) {
        _cleanup_close_ int cgroup_fd = -EBADF;
        pid_t pid = 0;
        int r;

        r = machine_unit_cgroup_open(CGROUP_MOUNT, machine, &cgroup_fd, reterr);
        if (r >= 0 && cgroup_fd >= 0)
                r = cgroup_first_process(cgroup_fd, "supervisor", &pid, reterr);
        if (r < 0 || pid == 0)
                return r;
        r = process_open(pid);
        return r == -ESRCH ? 0 : r < 0 ? error_set(reterr, r, "open process %d", (int) pid) : r;
}

/* Return: 1 something was written, 0 nothing for so long, or nothing will be. */
static int wait_for_more(int watch, int nspawn, int msec, bool *ret_over, Error *reterr) {
        struct pollfd fds[] = {{.fd = watch, .events = POLLIN}, {.fd = nspawn, .events = POLLIN}};
        char events[4096];
        int r;

        do
                r = poll(fds, ELEMENTSOF(fds), msec);
        while (r < 0 && errno == EINTR);
        if (r > 0 && read(watch, events, sizeof(events)) < 0 && errno != EAGAIN)
                r = -1;
        if (r < 0)
                return error_set(reterr, errno, "watch '" CONSOLE_LOG "'");
        *ret_over = r > 0 && fds[1].revents != 0;
        return r > 0 && !*ret_over;
}

typedef struct Log {
        int fd;
        int times_fd;       /* -EBADF: lines have no times */
        uint64_t known;     /* up to where they have */
        uint64_t next_usec; /* when they get some again, CLOCK_MONOTONIC */
} Log;

/* Return: whether it is too early for that. */
static bool note_times(Log *log) {
        uint64_t now = now_usec(), known;

        if (log->times_fd < 0)
                return false;
        if (now < log->next_usec)
                return true;
        known = console_times_catch_up(log->times_fd, log->fd, log->known);
        if (known == log->known)
                return false;
        log->known = known;
        log->next_usec = now + TIMES_MSEC * USEC_PER_MSEC;
        console_times_trim(log->times_fd);
        return false;
}

static int look_after(Log *log, int watch, int nspawn, Error *reterr) {
        bool early, over = false;
        int r;

        do {
                early = note_times(log);
                r = console_log_trim(log->fd, reterr);
                if (r >= 0)
                        r = wait_for_more(watch, nspawn, early ? TIMES_MSEC : QUIET_MSEC, &over, reterr);
        } while (r > 0 || (r == 0 && early && !over));
        log->next_usec = 0;
        (void) note_times(log);
        return r < 0 ? r : console_log_trim(log->fd, reterr);
}

int service_console(const ServiceOptions *o, Error *reterr) {
        _cleanup_close_ int runtime_fd = open(o->runtime, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
                            watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK), state_fd = -EBADF,
                            log_fd = -EBADF, times_fd = -EBADF, nspawn = -EBADF;
        Log log = {.times_fd = -EBADF};
        char proc[FS_PROC_FD_MAX];
        int r;

        if (runtime_fd < 0 || watch < 0)
                return error_set(reterr, errno, "look after '%s'", o->runtime);
        r = nspawn = open_nspawn(o->keeper.machine, reterr);
        if (r <= 0)
                return r;
        r = state_place_open(runtime_fd, &state_fd, reterr);
        /* The project was moved or removed, and the log with it. */
        if (r < 0 || state_fd < 0)
                return r;
        r = fs_enter_owner(state_fd);
        if (r < 0)
                return error_set(reterr, r, "look at the container's directory");
        r = log_fd = fs_open_file_beneath(state_fd, CONSOLE_LOG, O_RDWR, 0, reterr);
        if (r < 0)
                return r;
        if (inotify_add_watch(watch, fs_proc_fd(proc, log_fd), IN_MODIFY) < 0)
                return error_set(reterr, errno, "watch '" CONSOLE_LOG "'");
        log.fd = log_fd;
        log.times_fd = times_fd = console_times_open(state_fd, log_fd, &log.known);
        return look_after(&log, watch, nspawn, reterr);
}
