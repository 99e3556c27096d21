/* SPDX-License-Identifier: MIT */
#pragma once

/* What a container is doing, what has become of it, or what has just happened to it: every word that the
 * product has for that. Progress, the event log, `status` and the state file each use a part of them
 * (docs/JSON.md says which); none compares a word. Pure. */

#include "base/macro.h"

typedef enum Phase {
        /* at work */
        PHASE_BUILDING,  /* its image is made */
        PHASE_IMAGE,     /* its root is copied */
        PHASE_VOLUME,    /* a fresh volume is filled */
        PHASE_SAVING,    /* a snapshot is made of it */
        PHASE_RESTORING, /* one is put in its place */
        PHASE_STARTING,
        PHASE_BOOTING,
        PHASE_WAITING,    /* for another container, or for its own readiness */
        PHASE_SEEDING,    /* its seed runs (ready/seed-job.h) */
        PHASE_RUNG,       /* event: it waits on another rung of its readiness (ready/ready.h) */
        PHASE_SWITCHING,  /* it takes another system, or goes back to the one that it had */
        PHASE_RESTARTING, /* it failed and is started again */
        PHASE_STOPPING,
        PHASE_COPYING, /* files of it, or to it */
        PHASE_REMOVING,

        /* what a command has achieved */
        PHASE_SEEDED, /* it is ready in a moment */
        PHASE_READY,
        PHASE_UNCHANGED,
        PHASE_COMPLETED, /* of a one-shot container: it ended, with success */
        PHASE_FAILED,
        PHASE_SKIPPED,
        PHASE_STOPPED,
        PHASE_REMOVED, /* what was kept of it, or the part that the detail names */
        PHASE_SAVED,
        PHASE_RESTORED, /* of one that does not run */
        PHASE_PAUSED,   /* `status` says it, too */
        PHASE_UNPAUSED,

        /* what happens when no command is at work */
        PHASE_DEGRADED,
        PHASE_RECOVERED,
        PHASE_REBOOTING,
        PHASE_BOOTED,
        PHASE_ENDED, /* by itself, with success */
        PHASE_CRASHED,

        /* what `status` says of one that is there */
        PHASE_RUNNING,
        PHASE_FROZEN,    /* for a snapshot */
        PHASE_ELSEWHERE, /* it runs by another path of the project */

        _PHASE_MAX,
        _PHASE_INVALID = -EINVAL,
} Phase;

/* NULL for what is not a phase. */
const char *phase_to_string(Phase phase);
Phase phase_from_string(const char *word);

/* A state file may hold it; what else it could say is only true while a command looks. */
bool phase_is_remembered(Phase phase);

/* A command has come to its end with the container. */
bool phase_is_final(Phase phase);

/* How long it took says something. */
bool phase_has_time(Phase phase);

/* Something is wrong with the container. */
bool phase_is_failure(Phase phase);

/* Nothing of the container runs after this event. */
bool phase_is_end(Phase phase);

/* What was wrong inside before this event says nothing about the container any more. */
bool phase_begins_anew(Phase phase);

/* Each detail of it is a step that has been taken, and not only how far it has come. */
bool phase_has_steps(Phase phase);
