/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "drift/decide.h"
#include "spec/dependency.h"

const char *goal_to_string(Goal goal) {
        static const char *const words[_GOAL_MAX] = {
                [GOAL_LEAVE] = "nothing",   [GOAL_KEEP] = "nothing", [GOAL_START] = "start",
                [GOAL_RESTART] = "restart", [GOAL_STOP] = "stop",    [GOAL_SWITCH] = "switch",
                [GOAL_ADJUST] = "adjust",
        };

        return words[goal];
}

void decisions_done(Decision *decisions, size_t n) {
        for (size_t i = 0; i < n; i++) {
                decisions[i].reasons = strv_free(decisions[i].reasons);
                decisions[i].replaced = strv_free(decisions[i].replaced);
                free(decisions[i].not_in_place);
                decisions[i].not_in_place = NULL;
        }
}

bool decide_is_known(const ContainerState *state, const char *machine, const char *boot_id) {
        return state && streq(state->machine, machine) && streq(state->boot_id, boot_id);
}

bool decide_remembers_run(const ContainerState *state, const char *machine, const char *boot_id) {
        return decide_is_known(state, machine, boot_id) &&
               (state->phase == PHASE_READY || state->phase == PHASE_STARTING ||
                state->phase == PHASE_SEEDING);
}

bool decide_is_left_out(const ContainerSpec *spec, const ContainerState *state, const char *machine,
                        const char *boot_id) {
        return spec && spec->profiles && !decide_remembers_run(state, machine, boot_id) &&
               !(decide_is_known(state, machine, boot_id) && state->phase == PHASE_FAILED);
}

/* Why one that runs with the definition that it should have, or with one that a switch can change, is
 * restarted nevertheless; NULL: it is not. */
static const char *decide_what_is_broken(const Decision *d) {
        /* It starts or stops, but the process that would tell how that ends was killed. */
        if (d->status->leader == 0 || d->status->keeper == 0)
                return "its last start or stop was interrupted";
        /* And so have what it runs on and its volumes: `.containers` has been removed. */
        if (!d->state)
                return "what it was started as is not known any more";
        /* By a command that is gone, or with a network that it shares. */
        if (d->stopping)
                return "its end has been asked for";
        return d->begins_again ? "its seed has not succeeded, and begins again" : NULL;
}

static Goal decide_running(Decision *d, PlanAction action, bool interrupted) {
        const char *broken = decide_what_is_broken(d);

        if (action == PLAN_RESTART)
                return GOAL_RESTART;
        if (interrupted)
                strv_push(&d->reasons, "its last switch was interrupted");
        if (broken)
                strv_push(&d->reasons, broken);
        if (broken || d->replaced)
                return GOAL_RESTART;
        if (action == PLAN_KEEP && !interrupted)
                return GOAL_KEEP;
        if (d->not_in_place) {
                strv_pushf(&d->reasons, PLAN_NOT_IN_PLACE "%s", d->not_in_place);
                return GOAL_RESTART;
        }
        if (action == PLAN_ADJUST)
                return interrupted ? GOAL_RESTART : GOAL_ADJUST;
        return GOAL_SWITCH;
}

void decide_one(Decision *d, const char *boot_id) {
        bool known = decide_is_known(d->state, d->plan->machine, boot_id);
        PlanAction action;

        d->reasons = strv_free(d->reasons);
        action = plan_decide(d->plan, d->status->running, known ? d->state->definition : NULL, &d->reasons);
        d->changed = action == PLAN_RESTART || action == PLAN_SWITCH || action == PLAN_ADJUST;
        d->goal =
                action == PLAN_START ? GOAL_START : decide_running(d, action, known && d->state->switching);
        d->kept = d->goal == GOAL_KEEP;
        if (d->goal == GOAL_RESTART)
                strv_extend(&d->reasons, d->replaced);
}

/* @others: those after it in the order of dependencies, which are decided. */
static bool decide_is_needed(const Decision *d, const Decision *others, size_t n) {
        if (d->asked || !d->spec->one_shot)
                return true;
        for (size_t i = 0; i < n; i++)
                if (goal_needs_others(others[i].goal) && depends_on(others[i].spec, d->spec->name))
                        return true;
        return false;
}

/* As member_is_awaited(). */
static bool decide_is_awaited(const Decision *d, const Decision *others, size_t n) {
        for (size_t i = 0; i < n; i++)
                if (goal_needs_others(others[i].goal) && depends_on_ready(others[i].spec, d->spec->name))
                        return true;
        return !d->no_wait;
}

/* What has two definitions would be restarted by the `up` of each work tree in turn. */
static void decide_to_hold(Decision *d) {
        if (!d->foreign || !d->changed || decide_what_is_broken(d))
                return;
        d->held = true;
        d->goal = GOAL_KEEP;
        d->kept = true;
        d->reasons = strv_free(d->reasons);
        strv_push(&d->reasons, "it runs as another work tree defines it");
}

static void decide_as_wanted(Decision *d, const DecideHow *how) {
        if (d->status->running &&
            ((how->restart && d->asked) ||
             (how->restart_changed && (d->goal == GOAL_SWITCH || d->goal == GOAL_ADJUST))))
                d->goal = GOAL_RESTART;
        d->held = d->held && d->goal == GOAL_KEEP;
        if (how->update_only && d->goal == GOAL_START) {
                d->goal = GOAL_LEAVE;
                strv_push(&d->reasons, "it does not run");
        }
}

static const Decision *decide_find(const Decision *decisions, size_t n, const char *name) {
        for (size_t i = 0; i < n; i++)
                if (streq(decisions[i].spec->name, name))
                        return &decisions[i];
        return NULL;
}

/* Whether it is among them for its network alone. */
static bool decide_is_beside(const Decision *d, const Decision *others, size_t n) {
        for (size_t i = 0; i < n; i++)
                if (depends_on(others[i].spec, d->spec->name))
                        return false;
        return !d->asked && d->spec->network_of;
}

/* What one has of a network ends with its owner, which comes before it. */
static void decide_by_network(Decision *decisions, size_t n, Decision *d) {
        const Decision *owner = d->spec->network_of ? decide_find(decisions, n, d->spec->network_of) : NULL;

        if (owner && goal_starts(owner->goal) && d->status->running) {
                d->goal = GOAL_RESTART;
                d->kept = d->held = false;
                strv_pushf(&d->reasons, "the network of '%s', which it shares, begins anew",
                           owner->spec->name);
        } else if (decide_is_beside(d, decisions, n)) {
                d->goal = GOAL_LEAVE;
                d->kept = d->held = false;
                d->reasons = strv_free(d->reasons);
        }
}

void decide_all(Decision *decisions, size_t n, const char *boot_id, const DecideHow *how) {
        /* What others depend on comes before them, so that whether they need it is known from the last one
         * on. */
        for (size_t i = n; i-- > 0;) {
                Decision *d = &decisions[i];

                d->begins_again = d->begins_again && decide_is_awaited(d, d + 1, n - i - 1);
                decide_one(d, boot_id);
                decide_to_hold(d);
                if (decide_is_needed(d, d + 1, n - i - 1)) {
                        decide_as_wanted(d, how);
                        continue;
                }
                /* One that is not needed and does not run is not waited for either. */
                d->goal = d->status->running ? GOAL_KEEP : GOAL_LEAVE;
                d->reasons = strv_free(d->reasons);
                strv_push(&d->reasons, "nothing that needs it is started");
        }
        for (size_t i = 0; i < n; i++)
                decide_by_network(decisions, n, &decisions[i]);
}
