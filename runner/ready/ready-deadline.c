/* SPDX-License-Identifier: MIT */

/* The time is over: what was in the way. */

#include "base/alloc.h"
#include "base/process.h"
#include "bus/guest-job.h"
#include "enter/manager.h"
#include "ready/ready-job.h"

/* For the questions about what is in the way, when the time is over already. */
#define LAST_QUESTION_USEC USEC_PER_SEC

static char *ready_describe_job(const GuestJob *j) {
        uint64_t now = now_usec();

        if (j->since_usec == 0 || j->since_usec > now)
                return xasprintf("%s/%s is under way", j->unit, j->type);
        return xasprintf("%s/%s is under way for %.1f s", j->unit, j->type,
                         (double) (now - j->since_usec) / (double) USEC_PER_SEC);
}

/* What a guest that has not booted is busy with. */
static int ready_ask_job(ReadyJob *job, GuestJob *ret) {
        _cleanup_(guest_bus_freep) GuestBus *own = NULL;
        uint64_t deadline = now_usec() + LAST_QUESTION_USEC;
        int r;

        if (job->leader == 0 || !job->request.has_init || ready_job_open_target(job, NULL) < 0)
                return -ESRCH;
        if (!job->bus) {
                r = manager_open(&job->target, LAST_QUESTION_USEC, &own, NULL);
                if (r < 0)
                        return r;
                if (!own)
                        return -ENOTCONN;
        }
        guest_bus_set_deadline(job->bus ? job->bus : own, deadline);
        r = guest_bus_get_job(job->bus ? job->bus : own, ret, NULL);
        return r < 0 ? r : ret->unit ? 0 : -ENOENT;
}

int ready_on_deadline(sd_event_source *s, uint64_t usec, void *userdata) {
        _cleanup_(guest_job_done) GuestJob guest_job = {0};
        ReadyResult result = {.outcome = READY_TIMEOUT};
        _cleanup_free_ char *text = NULL;
        ReadyJob *job = userdata;
        LadderTimeout timeout = {
                .one_shot = job->request.one_shot,
                .has_init = job->request.has_init,
                .has_leader = job->leader > 0,
                .rung = job->rung,
                .waiting = job->waiting,
                .status = job->status,
        };

        result.text = ladder_describe_timeout(&timeout);
        if (!timeout.one_shot && timeout.rung > RUNG_BOOT)
                result.unit = job->unit;
        else if (!timeout.one_shot && ready_ask_job(job, &guest_job) >= 0) {
                result.text = text = ready_describe_job(&guest_job);
                result.unit = guest_job.unit;
        }
        ready_job_finish(job, &result);
        return 0;
}
