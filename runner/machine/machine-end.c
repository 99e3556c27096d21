/* SPDX-License-Identifier: MIT */

#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>

#include "base/alloc.h"
#include "base/process.h"
#include "machine/machine-end.h"

struct MachineEnd {
        sd_event_source *source;
        int pidfd;  /* of the keeper */
        char *file; /* or what is there as long as the machine is */
        void (*ended)(void *userdata);
        void *userdata;
};

MachineEnd *machine_end_free(MachineEnd *end) {
        if (!end)
                return NULL;
        (void) sd_event_source_disable_unref(end->source);
        (void) safe_close(end->pidfd);
        free(end->file);
        free(end);
        return NULL;
}

/* The source goes, and is not only turned off: libsystemd 252 loops for ever over an event that has been
 * read already and that only sources in that state wait for. */
static void say(MachineEnd *end) {
        end->source = sd_event_source_disable_unref(end->source);
        end->ended(end->userdata);
}

static int on_process_ended(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        say(userdata);
        return 0;
}

/* It is there still, or that cannot be told: then it is not said to have ended. */
static bool is_there(const MachineEnd *end) {
        return access(end->file, F_OK) >= 0 || errno != ENOENT;
}

static int on_removed(sd_event_source *s, const struct inotify_event *event, void *userdata) {
        MachineEnd *end = userdata;

        if (!is_there(end))
                say(end);
        return 0;
}

static int watch_process(MachineEnd *end, sd_event *event, pid_t pid) {
        int r;

        end->pidfd = pid > 0 ? process_open(pid) : -ESRCH;
        if (end->pidfd == -ESRCH)
                return 0;
        if (end->pidfd < 0)
                return end->pidfd;
        r = sd_event_add_io(event, &end->source, end->pidfd, EPOLLIN, on_process_ended, end);
        return r < 0 ? r : 1;
}

static int watch_file(MachineEnd *end, sd_event *event) {
        _cleanup_free_ char *folder = xstrndup(end->file, (size_t) (strrchr(end->file, '/') - end->file));
        int r;

        r = sd_event_add_inotify(event, &end->source, folder, IN_DELETE, on_removed, end);
        return r < 0 ? r : is_there(end);
}

int machine_end_watch(sd_event *event, const char *machine, const MachineStatus *status,
                      void (*ended)(void *userdata), void *userdata, MachineEnd **ret, Error *reterr) {
        _cleanup_(machine_end_freep) MachineEnd *end = xmalloc0(sizeof(*end));
        int r;

        end->pidfd = -EBADF;
        end->ended = ended;
        end->userdata = userdata;
        if (!status->running)
                return 0;
        if (status->backend->lasting_file) {
                end->file = status->backend->lasting_file(machine);
                r = watch_file(end, event);
        } else
                r = watch_process(end, event, status->keeper > 0 ? status->keeper : status->leader);
        if (r < 0)
                return error_set(reterr, r, "watch machine '%s'", machine);
        if (r > 0)
                *ret = TAKE_PTR(end);
        return r;
}
