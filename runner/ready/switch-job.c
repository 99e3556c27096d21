/* SPDX-License-Identifier: MIT */

#include <string.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/process.h"
#include "base/strv.h"
#include "ready/inside-command.h"
#include "ready/switch-job.h"

struct SwitchJob {
        void (*says)(const char *line, void *userdata);
        void (*done)(const SwitchResult *result, void *userdata);
        void *userdata;
        InsideCommand *command;
        sd_event_source *timer;
        bool timed_out, interrupted;
};

SwitchJob *switch_job_free(SwitchJob *job) {
        if (!job)
                return NULL;
        sd_event_source_disable_unref(job->timer);
        (void) inside_command_free(job->command);
        free(job);
        return NULL;
}

static void switch_on_line(const char *line, void *userdata) {
        const SwitchJob *job = userdata;

        job->says(line, job->userdata);
}

static void switch_on_end(const InsideEnd *end, void *userdata) {
        SwitchJob *job = userdata;
        _cleanup_strv_ char **lines = inside_command_lines(job->command, INSIDE_LINES_MAX);

        (void) sd_event_source_set_enabled(job->timer, SD_EVENT_OFF);
        job->done(&(SwitchResult){.succeeded = end->code == CLD_EXITED && end->status == 0,
                                  .stopped = end->stopped,
                                  .timed_out = job->timed_out,
                                  .interrupted = job->interrupted,
                                  .code = end->code,
                                  .status = end->status,
                                  .lines = lines},
                  job->userdata);
}

static int switch_on_timer(sd_event_source *s, uint64_t usec, void *userdata) {
        SwitchJob *job = userdata;

        job->timed_out = true;
        if (!inside_command_stop(job->command))
                job->done(&(SwitchResult){.timed_out = true}, job->userdata);
        return 0;
}

void switch_job_stop(SwitchJob *job) {
        job->interrupted = true;
        (void) inside_command_stop(job->command);
}

/* A sync of the store's file system, "in case the new configuration hangs the system", is not for a
 * container. */
static int switch_begin(SwitchJob *job, const SwitchRequest *request) {
        _cleanup_free_ char *path = xasprintf("%s/bin/switch-to-configuration", request->toplevel);
        char *argv[] = {path, (char *) "test", NULL}, *environment[] = {(char *) "NIXOS_NO_SYNC=1", NULL};
        const InsideProgram program = {.argv = argv, .environment = environment};

        return inside_command_new(
                &(InsideRequest){
                        .event = request->event,
                        .container = request->container,
                        .leader = request->leader,
                        .payload_cgroup_fd = -EBADF,
                        .programs = &program,
                        .n_programs = 1,
                        .input_fd = -EBADF,
                        .line = switch_on_line,
                        .done = switch_on_end,
                        .userdata = job,
                },
                &job->command);
}

int switch_job_new(const SwitchRequest *request, SwitchJob **ret, Error *reterr) {
        _cleanup_(switch_job_freep) SwitchJob *job = xmalloc0(sizeof(*job));
        int r;

        *job = (SwitchJob){.says = request->says, .done = request->done, .userdata = request->userdata};
        r = sd_event_add_time(request->event, &job->timer, CLOCK_MONOTONIC, request->deadline_usec, 1,
                              switch_on_timer, job);
        if (r >= 0)
                r = switch_begin(job, request);
        if (r < 0)
                return error_set(reterr, r, "run switch-to-configuration");
        *ret = TAKE_PTR(job);
        return 0;
}
