/* SPDX-License-Identifier: MIT */
#pragma once

/* The containers that one command starts or stops, side by side in one event loop: what `up`, `down` and
 * `restart` do.
 *
 * A fleet is made by fleet_new(), does one thing (fleet_bring_up() or fleet_take_down()), and is freed,
 * which changes nothing in the system. That one thing goes through five steps: it opens the fleet, that is
 * it locks the containers and looks what runs; it decides on a goal for each (drift/decide.h); it prepares
 * what the starts need (fleet/fleet-prepare.h), where a refusal has changed nothing that runs; it runs the
 * loop (fleet/fleet-run.h); and it puts away what containers that do not run have left. */

#include "base/systemd.h"
#include "context/project.h"
#include "fleet/timings.h"

typedef struct Fleet Fleet;

/* What a verb does to containers while none of them runs. */
typedef struct FleetChange {
        /* After what is refused at once, before anything stops; may be NULL. What it refuses has changed
         * nothing. */
        int (*prepare)(void *userdata, int runtime_fd, Progress *progress, Error *reterr);
        /* Once all have stopped, before one starts again, under all locks. When it fails, none starts. */
        int (*make)(void *userdata, Progress *progress, Error *reterr);
        void *userdata;
        /* Of these @make removes the roots, and what did not run is started, too; NULL: of none. */
        char *const *resets;
} FleetChange;

typedef struct FleetOptions {
        const char *verb;            /* what a command that waits for us is told */
        uint64_t ready_timeout_usec; /* UINT64_MAX: each container's own */
        uint64_t stop_timeout_usec;  /* likewise */
        size_t jobs;                 /* so many starts at a time; 0: all that may */
        bool no_wait;
        bool rm_on_failure;
        bool restart_changed;   /* also what could be switched in place */
        bool update_only;       /* what does not run stays so */
        const char *rolls_back; /* the container that goes back to an earlier system, NULL: none, */
        unsigned generation;    /* which that is */
        bool undo_all;          /* an interrupt also stops the containers that have become ready by now */
        bool says;              /* what is to be done and what has come of it (fleet/fleet-say.h) */
        bool interrupted;       /* it acts on an interrupt: the next one hurries */
        sd_event *event;        /* borrowed; NULL: a loop of its own */
        Timings *timings;       /* borrowed; NULL: not asked for */
} FleetOptions;

#define FLEET_OPTIONS(word)                                                                                 \
        ((FleetOptions){.verb = (word), .ready_timeout_usec = UINT64_MAX, .stop_timeout_usec = UINT64_MAX})

/* From here on SIGINT, SIGTERM and SIGHUP are blocked, and seen by the loop. */
Fleet *fleet_new(const FleetOptions *options, Project *project);
Fleet *fleet_free(Fleet *fleet);
DEFINE_FREEP(Fleet, fleet_free);

/**
 * fleet_bring_up() - all that `up` and `restart` do
 * @names: @asked, and what these depend on where that is to come up, too; in the order of dependencies
 * @restart: also what runs as it should, of @asked
 *
 * Each container has its own outcome; their errors have been printed. @reterr is set for what concerns no
 * single one. Return: the exit status, or a negative errno.
 */
int fleet_bring_up(Fleet *fleet, char *const *names, char *const *asked, bool restart, Error *reterr);

/**
 * fleet_change() - stop what runs of the containers, change them, and start that again until it is ready
 * @names: in the order of dependencies
 *
 * What does not run is locked, and changed, but started only where the change resets it. Where a container
 * cannot be stopped the change is not made, and those that have stopped by then are started again. Return:
 * as fleet_bring_up().
 */
int fleet_change(Fleet *fleet, char *const *names, const FleetChange *change, Error *reterr);

/* All that `down` does. Errors of single containers have been printed, unless it was interrupted. Return:
 * likewise. */
int fleet_take_down(Fleet *fleet, char *const *names, Error *reterr);

/* Those that the fleet has started and made ready; owned by the caller, NULL: none. */
char **fleet_made_ready(const Fleet *fleet);

/* Whether the fleet has begun to start a container, and no other command has it now. @ret: what the state
 * says of when. */
bool fleet_has_begun(const Fleet *fleet, const char *container, uint64_t *ret);

/* Prints the containers' errors. Return: the exit status that says most. */
int fleet_report(Fleet *fleet);

/* Was it interrupted while it stopped containers after an interrupt? */
bool fleet_was_hurried(const Fleet *fleet);

/* Where the console's log of a container that the fleet has started begins. Return: whether it has started
 * it. */
bool fleet_console_start(const Fleet *fleet, const char *container, uint64_t *ret);
