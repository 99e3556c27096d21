/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "fleet/fleet-order.h"
#include "spec/dependency.h"

static Needs order_look_at(const Dependency *d, const Member *other) {
        /* One that is left as it is was there, or was not, before this command. */
        if (other->goal == GOAL_LEAVE)
                return NEEDS_MET;
        if (other->reached >= (d->need == NEED_STARTED ? REACHED_STARTED : REACHED_READY))
                return NEEDS_MET;
        return other->stage == STAGE_OVER ? NEEDS_FAILED : NEEDS_OPEN;
}

Needs member_needs(const Member *m, const Dependency **ret_open, const Member **ret_other) {
        Needs worst = NEEDS_MET;
        const ContainerSpec *spec = m->at->spec;

        for (size_t i = 0; spec && i < spec->n_dependencies; i++) {
                const Dependency *d = &spec->dependencies[i];
                const Watched *at = machine_watch_find(&m->fleet->watch, d->name);
                const Member *other = at ? at->part : NULL;
                Needs needs = other ? order_look_at(d, other) : NEEDS_MET;

                if (needs <= worst)
                        continue;
                worst = needs;
                *ret_open = d;
                *ret_other = other;
        }
        return worst;
}

bool member_may_stop(const Member *m) {
        for (size_t i = 0; i < m->fleet->n_members; i++) {
                const Member *other = &m->fleet->members[i];

                if (other->stage <= STAGE_STOPPING && other->at->spec &&
                    depends_on(other->at->spec, m->at->name))
                        return false;
        }
        return true;
}

bool member_is_awaited(const Member *m) {
        for (size_t i = 0; i < m->fleet->n_members; i++) {
                const Member *other = &m->fleet->members[i];

                if (goal_needs_others(other->goal) && other->at->spec &&
                    depends_on_ready(other->at->spec, m->at->name))
                        return true;
        }
        return false;
}
