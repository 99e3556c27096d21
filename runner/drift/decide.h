/* SPDX-License-Identifier: MIT */
#pragma once

/* What is to become of each container of a command, decided from its specification, what is remembered of
 * it, and what runs. Pure. `up` and `restart` act on it, `--dry-run` shows it, and `status` asks it what
 * `up` would do. */

#include "machine/machine.h"
#include "plan/plan.h"
#include "state/state.h"

typedef enum Goal {
        GOAL_LEAVE,   /* it does not run, and nothing needs it */
        GOAL_KEEP,    /* it runs as it should: a command waits until it is ready */
        GOAL_ADJUST,  /* it runs, and its ports and limits are changed meanwhile (fleet/fleet-adjust.h) */
        GOAL_START,   /* it does not run */
        GOAL_SWITCH,  /* it runs, and takes another NixOS system without a restart, after its ports and
                         limits (fleet/fleet-switch.h) */
        GOAL_RESTART, /* stop, then start */
        GOAL_STOP,
        _GOAL_MAX,
} Goal;

/* What `--dry-run` calls it: "start", "adjust", "switch", "restart", "stop" or "nothing". */
const char *goal_to_string(Goal goal);

static inline bool goal_stops(Goal goal) {
        return goal == GOAL_STOP || goal == GOAL_RESTART;
}

static inline bool goal_starts(Goal goal) {
        return goal == GOAL_START || goal == GOAL_RESTART;
}

/* It runs on, but not as it does. */
static inline bool goal_changes(Goal goal) {
        return goal == GOAL_ADJUST || goal == GOAL_SWITCH;
}

/* What it is to become comes after what it depends on. */
static inline bool goal_needs_others(Goal goal) {
        return goal_starts(goal) || goal == GOAL_SWITCH;
}

typedef struct Decision {
        /* What is known; borrowed. */
        const ContainerSpec *spec;
        const ContainerPlan *plan;
        const ContainerState *state; /* NULL: it was never started */
        const MachineStatus *status;
        bool asked;      /* by the user, not only by containers that depend on it */
        char **replaced; /* what its volumes lead to is another file by now (drift/volume-drift.h); owned */
        char *not_in_place; /* why it needs a restart nevertheless (drift/in-place-check.h); owned */
        bool foreign;       /* it runs as another work tree defines it (context/shared-use.h) */
        bool stopping;      /* it runs, and its end has been asked for (record/stop-record.h) */
        bool begins_again;  /* what its seed has begun is thrown away (storage/seed-places.h), */
        bool no_wait;       /* unless the command waits only for those that others need ready */

        /* What follows. */
        Goal goal;
        bool changed;   /* it runs with another definition */
        bool held;      /* and is left so, since that is another work tree's */
        bool kept;      /* it runs as it should, whatever becomes of it */
        char **reasons; /* a line each */
} Decision;

/* What the user wants otherwise. */
typedef struct DecideHow {
        bool restart;         /* also what runs as it should, of what the user asked for */
        bool restart_changed; /* and not switched in place */
        bool update_only;     /* what does not run stays so */
} DecideHow;

void decisions_done(Decision *decisions, size_t n);

/* Is what is remembered about the run of the machine that the plan names, in this boot of the host? A state
 * of another machine or boot says nothing about what runs. */
bool decide_is_known(const ContainerState *state, const char *machine, const char *boot_id);

/* And it says that it runs: no command has seen its end. */
bool decide_remembers_run(const ContainerState *state, const char *machine, const char *boot_id);

/* Does a question about all containers leave this one out, which does not run? It has profiles, and no
 * command has started it, or one has stopped it since. */
bool decide_is_left_out(const ContainerSpec *spec, const ContainerState *state, const char *machine,
                        const char *boot_id);

/* One container by itself: start, keep, switch or restart. */
void decide_one(Decision *d, const char *boot_id);

/**
 * decide_all() - what `up` does, or `restart`
 * @decisions: in the order of dependencies
 *
 * A one-shot container runs again whenever the user asks for it; for other containers only when one of those
 * that need it is started. One that runs in the network of another one is restarted when that is, and is
 * otherwise left alone where neither the user nor a container asks for it.
 */
void decide_all(Decision *decisions, size_t n, const char *boot_id, const DecideHow *how);
