/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "ops/fleet-events.h"
#include "record/event-log.h"

/* The rung of the ladder (ready/ready.h) that it stands on: of what is waited for, what a colon ends, as in
 * "tcp 5432: Connection refused". NULL: it is on none. (Of a one-shot container the end is waited for, and
 * whether it is seen before that depends on how soon that comes.) */
static char *rung_of(Phase phase, const char *detail) {
        const char *colon = detail ? strstr(detail, ": ") : NULL;

        if (phase == PHASE_BOOTING)
                return xstrdup("boot");
        /* For another container it waits before it is started. */
        if (phase != PHASE_WAITING || !detail || startswith(detail, "for "))
                return NULL;
        return colon ? xstrndup(detail, (size_t) (colon - detail)) : xstrdup(detail);
}

static Member *find_member(Fleet *fleet, const char *container) {
        for (size_t i = 0; i < fleet->n_members; i++)
                if (streq(fleet->members[i].name, container))
                        return &fleet->members[i];
        return NULL;
}

static void add_event(Fleet *fleet, const char *container, Phase event, const char *detail) {
        const StateDir *state = &fleet->project->state;
        _cleanup_(user_fs_leave) UserFs guard = USER_FS_NULL;

        if (state->fd < 0 || user_fs_enter(&state->user, &guard, NULL) < 0)
                return;
        if (!fleet->events_prepared)
                event_log_prepare(state->fd);
        fleet->events_prepared = true;
        event_log_append(state->fd, container, event, detail);
}

void fleet_on_progress(const char *container, Phase phase, const char *detail, void *userdata) {
        _cleanup_free_ char *rung = rung_of(phase, detail), *key = NULL;
        _cleanup_free_ char *message = NULL;
        Fleet *fleet = userdata;
        Member *m = find_member(fleet, container);

        /* A container that runs as it should has no event, except that it may be ready at last. Nor has one
         * that could not be asked to stop, and goes on. */
        if (!m || (m->attached && phase != PHASE_READY) || phase == PHASE_UNCHANGED ||
            (phase == PHASE_STOPPED && !m->status.running && !m->start) ||
            (phase == PHASE_FAILED && m->stop && !m->start && !m->stop_job))
                return;
        if (rung && m->spec && m->spec->one_shot)
                return;
        key = xasprintf("%s %s", phase_to_string(phase), rung ? rung : "");
        if (streq_ptr(m->last_event, key))
                return;
        free(m->last_event);
        m->last_event = TAKE_PTR(key);
        message = error_text(&m->error);
        if (rung)
                add_event(fleet, container, PHASE_RUNG, rung);
        else
                add_event(fleet, container, phase, message ? message : detail);
}
