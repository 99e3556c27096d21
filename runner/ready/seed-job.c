/* SPDX-License-Identifier: MIT */

#include <sys/wait.h>

#include "base/alloc.h"
#include "base/process.h"
#include "base/strv.h"
#include "ready/inside-command.h"
#include "ready/seed-job.h"

struct SeedJob {
        SeedRequest request;
        size_t step;
        InsideCommand *command;
        sd_event_source *timer; /* the next step, or the end of this one's time */
};

/* Debian's and NixOS's packages of PostgreSQL let only this account in, those of MariaDB root. */
#define POSTGRES_ACCOUNT "postgres"

SeedJob *seed_job_free(SeedJob *job) {
        if (!job)
                return NULL;
        sd_event_source_disable_unref(job->timer);
        (void) inside_command_free(job->command);
        (void) safe_close(job->request.payload_cgroup_fd);
        free(job);
        return NULL;
}

static void seed_finish(SeedJob *job, SeedResult result) {
        _cleanup_strv_ char **lines =
                job->command ? inside_command_lines(job->command, INSIDE_LINES_MAX) : NULL;

        (void) sd_event_source_set_enabled(job->timer, SD_EVENT_OFF);
        job->command = inside_command_free(job->command);
        result.step = job->step;
        result.lines = lines;
        job->request.done(&result, job->request.userdata);
}

static void seed_schedule(SeedJob *job, uint64_t usec) {
        (void) sd_event_source_set_time_relative(job->timer, usec);
        (void) sd_event_source_set_enabled(job->timer, SD_EVENT_ONESHOT);
}

static void seed_on_step_end(const InsideEnd *end, void *userdata) {
        SeedJob *job = userdata;

        /* The container's end says more than this one, and the job is freed for it. If it does not come, the
         * time will be over. */
        if (end->stopped)
                return;
        if (end->code != CLD_EXITED || end->status != 0) {
                seed_finish(job, (SeedResult){.code = end->code, .status = end->status});
                return;
        }
        job->command = inside_command_free(job->command);
        job->step++;
        if (job->step == job->request.n_steps)
                seed_finish(job, (SeedResult){.succeeded = true});
        else
                seed_schedule(job, 0);
}

static int seed_run(SeedJob *job, const InsideProgram *programs, size_t n) {
        const SeedRequest *request = &job->request;

        return inside_command_new(
                &(InsideRequest){
                        .event = request->event,
                        .container = request->container,
                        .leader = request->leader,
                        .payload_cgroup_fd = request->payload_cgroup_fd,
                        .programs = programs,
                        .n_programs = n,
                        .input_fd = request->files[job->step],
                        .done = seed_on_step_end,
                        .userdata = job,
                },
                &job->command);
}

static char **sql_arguments(const char *const *words, const char *option, const char *database) {
        char **argv = NULL;

        for (; *words; words++)
                strv_push(&argv, *words);
        if (database)
                strv_pushf(&argv, "%s=%s", option, database);
        return argv;
}

/* The first of them that the container has: what came with its database. Each ends with the first statement
 * that fails. */
static int seed_run_sql(SeedJob *job, const SeedStep *step) {
        static const char *const psql[] = {
                "psql",     "--no-psqlrc", "--quiet", "--no-password", "--set=ON_ERROR_STOP=1",
                "--file=-", NULL};
        static const char *const mariadb[] = {"mariadb", NULL}, *const mysql[] = {"mysql", NULL};
        _cleanup_strv_ char **first = sql_arguments(psql, "--dbname", step->database),
                            **second = sql_arguments(mariadb, "--database", step->database),
                            **third = sql_arguments(mysql, "--database", step->database);
        const InsideProgram programs[] = {
                {.argv = first, .user = step->user ? step->user : POSTGRES_ACCOUNT},
                {.argv = second, .user = step->user},
                {.argv = third, .user = step->user},
        };

        return seed_run(job, programs, ELEMENTSOF(programs));
}

static void seed_begin_step(SeedJob *job) {
        const SeedStep *step = &job->request.steps[job->step];
        const InsideProgram program = {.argv = step->run, .user = step->user};
        int r;

        job->request.progress(job->step, job->request.userdata);
        seed_schedule(job, step->timeout_usec);
        r = step->sql ? seed_run_sql(job, step) : seed_run(job, &program, 1);
        if (r < 0)
                seed_finish(job, (SeedResult){.errnum = -r});
}

static int seed_on_timer(sd_event_source *s, uint64_t usec, void *userdata) {
        SeedJob *job = userdata;

        if (job->command)
                seed_finish(job, (SeedResult){.timed_out = true});
        else
                seed_begin_step(job);
        return 0;
}

int seed_job_new(const SeedRequest *request, SeedJob **ret, Error *reterr) {
        SeedJob *job = xmalloc0(sizeof(*job));
        int r;

        job->request = *request;
        r = sd_event_add_time(request->event, &job->timer, CLOCK_MONOTONIC, now_usec(), 1, seed_on_timer,
                              job);
        if (r < 0) {
                (void) seed_job_free(job);
                return error_set(reterr, r, "begin the seed");
        }
        *ret = job;
        return 0;
}
