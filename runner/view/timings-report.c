/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/process.h"
#include "bus/guest-times.h"
#include "enter/manager.h"
#include "running/running.h"
#include "view/timings-report.h"
#include "view/timings-text.h"

/* For all guests together, whatever they answer. */
#define ASK_USEC (8 * USEC_PER_SEC)

static void ask_guest(const Project *project, Timings *timings, const char *name, uint64_t deadline_usec) {
        _cleanup_(enter_target_done) EnterTarget target = ENTER_TARGET_NULL;
        _cleanup_(guest_bus_freep) GuestBus *bus = NULL;
        _cleanup_(unit_times_done) UnitTimes times = {};
        uint64_t now = now_usec();
        MachineStatus status;

        if (now >= deadline_usec || running_query(project, name, &status, NULL) < 0 || status.leader <= 0 ||
            enter_target_open(status.leader, &target, NULL) < 0 ||
            manager_open(&target, deadline_usec - now, &bus, NULL) < 0 || !bus)
                return;
        guest_bus_set_deadline(bus, deadline_usec);
        if (guest_bus_get_unit_times(bus, &times, NULL) < 0)
                return;
        for (size_t i = 0; i < times.n; i++)
                timings_add_unit(timings, name, times.units[i].name, times.units[i].began_usec,
                                 times.units[i].ended_usec);
}

void timings_ask_guests(const Project *project, Timings *timings) {
        uint64_t deadline = now_usec() + ASK_USEC;

        for (size_t i = 0; i < timings->n; i++) {
                const ContainerSpec *c = spec_find(project->spec, timings->containers[i].name);

                if (c && c->init && timings->containers[i].started_usec > 0)
                        ask_guest(project, timings, c->name, deadline);
        }
}

int timings_write_svg(const Project *project, const ProjectRequest *request, const char *path,
                      const Timings *timings, Error *reterr) {
        _cleanup_(user_fs_leave) UserFs guard = USER_FS_NULL;
        _cleanup_free_ char *text = timings_svg(timings), *absolute = project_typed_path(request, path);
        _cleanup_close_ int fd = -EBADF;
        struct stat st;
        int r;

        r = user_fs_enter(&project->user, &guard, reterr);
        if (r < 0)
                return r;
        /* A FIFO would make it wait. */
        fd = open(absolute, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0666);
        if (fd < 0 || fstat(fd, &st) < 0)
                return error_set(reterr, errno, "write '%s'", path);
        if (!S_ISREG(st.st_mode))
                return error_raise(reterr, FC_EXIT_USAGE, "--timings: '%s' is not a regular file", path);
        if (ftruncate(fd, 0) < 0)
                return error_set(reterr, errno, "write '%s'", path);
        r = fs_write_all(fd, text, strlen(text));
        return r < 0 ? error_set(reterr, r, "write '%s'", path) : 0;
}
