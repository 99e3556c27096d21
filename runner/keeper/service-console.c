/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>

#include "cgroup/cgroup.h"
#include "record/console-log.h"
#include "record/state-place.h"
#include "keeper/machine-unit.h"
#include "base/fs.h"
#include "base/process.h"
#include "keeper/service-console.h"

/* A start costs some milliseconds, too much for each line of a container that writes now and then. */
#define QUIET_MSEC 2000

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

/* Return: 1 something was written, 0 nothing for a while, and nothing will be. */
static int wait_for_more(int watch, int nspawn, Error *reterr) {
        struct pollfd fds[] = {{.fd = watch, .events = POLLIN}, {.fd = nspawn, .events = POLLIN}};
        char events[4096];
        int r;

        do
                r = poll(fds, ELEMENTSOF(fds), QUIET_MSEC);
        while (r < 0 && errno == EINTR);
        if (r > 0 && read(watch, events, sizeof(events)) < 0 && errno != EAGAIN)
                r = -1;
        if (r < 0)
                return error_set(reterr, errno, "watch '" CONSOLE_LOG "'");
        return r > 0 && fds[1].revents == 0;
}

int service_console(const ServiceOptions *o, Error *reterr) {
        _cleanup_close_ int runtime_fd = open(o->runtime, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
                            watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK), state_fd = -EBADF,
                            log_fd = -EBADF, nspawn = -EBADF;
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
        do {
                r = console_log_trim(log_fd, reterr);
                if (r >= 0)
                        r = wait_for_more(watch, nspawn, reterr);
        } while (r > 0);
        return r < 0 ? r : console_log_trim(log_fd, reterr);
}
