/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "ops/decide.h"
#include "spec/dependency.h"

const char *goal_to_string(Goal goal) {
        static const char *const words[_GOAL_MAX] = {
                [GOAL_LEAVE] = "nothing",   [GOAL_KEEP] = "nothing", [GOAL_START] = "start",
                [GOAL_RESTART] = "restart", [GOAL_STOP] = "stop",
        };

        return words[goal];
}

void decisions_done(Decision *decisions, size_t n) {
        for (size_t i = 0; i < n; i++) {
                decisions[i].reasons = strv_free(decisions[i].reasons);
                decisions[i].replaced = strv_free(decisions[i].replaced);
        }
}

bool decide_is_known(const ContainerState *state, const char *machine, const char *boot_id) {
        return state && streq(state->machine, machine) && streq(state->boot_id, boot_id);
}

void decide_one(Decision *d, const char *boot_id) {
        bool known = decide_is_known(d->state, d->plan->machine, boot_id);
        PlanAction action;

        d->reasons = strv_free(d->reasons);
        action = plan_decide(d->plan, d->status->running, known ? d->state->definition : NULL, &d->reasons);
        d->changed = action == PLAN_RESTART;
        d->kept = false;
        switch (action) {
        case PLAN_START:
                d->goal = GOAL_START;
                break;
        case PLAN_RESTART:
                d->goal = GOAL_RESTART;
                break;
        case PLAN_KEEP:
                /* It starts or stops, but the process that would tell how that ends was killed. */
                if (d->status->leader == 0 || d->status->keeper == 0) {
                        d->goal = GOAL_RESTART;
                        strv_push(&d->reasons, "its last start or stop was interrupted");
                } else if (d->begins_again) {
                        d->goal = GOAL_RESTART;
                        strv_push(&d->reasons, "its seed has not succeeded, and begins again");
                } else {
                        d->kept = !d->replaced;
                        d->goal = d->kept ? GOAL_KEEP : GOAL_RESTART;
                }
                break;
        }
        if (d->goal == GOAL_RESTART)
                strv_extend(&d->reasons, d->replaced);
}

/* @others: those after it in the order of dependencies, which are decided. */
static bool decide_is_needed(const Decision *d, const Decision *others, size_t n) {
        if (d->asked || !d->spec->one_shot)
                return true;
        for (size_t i = 0; i < n; i++)
                if (goal_starts(others[i].goal) && depends_on(others[i].spec, d->spec->name))
                        return true;
        return false;
}

/* As member_is_awaited(). */
static bool decide_is_awaited(const Decision *d, const Decision *others, size_t n) {
        for (size_t i = 0; i < n; i++)
                if (goal_starts(others[i].goal) && depends_on_ready(others[i].spec, d->spec->name))
                        return true;
        return !d->no_wait;
}

void decide_all(Decision *decisions, size_t n, const char *boot_id, bool restart) {
        /* What others depend on comes before them, so that whether they need it is known from the last one
         * on. */
        for (size_t i = n; i-- > 0;) {
                Decision *d = &decisions[i];

                d->begins_again = d->begins_again && decide_is_awaited(d, d + 1, n - i - 1);
                decide_one(d, boot_id);
                if (!decide_is_needed(d, d + 1, n - i - 1)) {
                        /* One that is not needed and does not run is not waited for either. */
                        d->goal = d->status->running ? GOAL_KEEP : GOAL_LEAVE;
                        d->reasons = strv_free(d->reasons);
                        strv_push(&d->reasons, "nothing that needs it is started");
                } else if (restart && d->asked && d->status->running)
                        d->goal = GOAL_RESTART;
        }
}
