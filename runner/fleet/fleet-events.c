/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "base/process.h"
#include "fleet/fleet-events.h"
#include "fleet/fleet-member.h"
#include "record/event-log.h"

/* The rung of the ladder (ready/ready.h) that it stands on. NULL: on none, since it has not been started
 * yet. (Of a one-shot container the end is waited for, and whether it is seen before that depends on how
 * soon that comes.) */
static const char *member_rung(const Member *m, Phase phase) {
        if ((phase != PHASE_BOOTING && phase != PHASE_WAITING) || m->stage != STAGE_STARTING)
                return NULL;
        return m->rung;
}

static void fleet_add_event(Fleet *fleet, const char *container, Phase event, const char *detail) {
        const StateDir *state = &fleet->project->state;
        _cleanup_(user_fs_leave) UserFs guard = USER_FS_NULL;

        if (state->fd < 0 || user_fs_enter(&state->user, &guard, NULL) < 0)
                return;
        if (!fleet->events_prepared)
                event_log_prepare(state->fd);
        fleet->events_prepared = true;
        event_log_append(state->fd, container, event, detail);
}

/* What a start needs is copied while the old run goes on, which does so as well when that is cut off. */
static bool is_preparation(Phase phase) {
        return phase == PHASE_BUILDING || phase == PHASE_IMAGE || phase == PHASE_VOLUME ||
               phase == PHASE_RESTORING;
}

void fleet_note_starting(Member *m) {
        free(m->last_event);
        m->last_event = xasprintf("%s ", phase_to_string(PHASE_STARTING));
        fleet_add_event(m->fleet, m->at->name, PHASE_STARTING, NULL);
}

void fleet_on_progress(const char *container, Phase phase, const char *detail, void *userdata) {
        _cleanup_free_ char *key = NULL, *message = NULL;
        Fleet *fleet = userdata;
        const Watched *at = machine_watch_find(&fleet->watch, container);
        Member *m = at ? at->part : NULL;
        const char *rung;

        if (m && fleet->options.timings)
                timings_note(fleet->options.timings, container, phase, member_rung(m, phase), detail,
                             now_usec());
        /* A container that runs as it should has no event, except that it is seeded, and may be ready at
         * last. Nor has one that could not be asked to stop, and goes on. The keeper itself tells that it
         * starts one again. That one starts is told when the intent is written. */
        if (!m || phase == PHASE_RESTARTING || phase == PHASE_STARTING ||
            (member_is_kept(m) && phase != PHASE_READY && !m->seeding) || phase == PHASE_UNCHANGED ||
            (at->status.running && is_preparation(phase)) ||
            (phase == PHASE_STOPPED && !at->status.running && !goal_starts(m->goal)) ||
            (phase == PHASE_FAILED && m->goal == GOAL_STOP && !m->stop_job))
                return;
        rung = member_rung(m, phase);
        if (rung && at->spec && at->spec->one_shot)
                return;
        key = xasprintf("%s %s", phase_to_string(phase), rung ? rung : "");
        if (streq_ptr(m->last_event, key))
                return;
        free(m->last_event);
        m->last_event = TAKE_PTR(key);
        message = error_text(&at->error);
        if (rung)
                fleet_add_event(fleet, container, PHASE_RUNG, rung);
        else
                fleet_add_event(fleet, container, phase, message ? message : detail);
}
