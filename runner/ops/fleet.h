/* SPDX-License-Identifier: MIT */
#pragma once

/* The containers that one command starts or stops, side by side in one event loop: what `up`, `down` and
 * `restart` do once they know what they want. Each member goes through [stop] [start, wait until ready];
 * each has its own outcome. None is started before those of the fleet that it depends on have come as far as
 * it needs them, and none is stopped before those that depend on it. */

#include "machine/machine.h"
#include "ops/network.h"
#include "ops/resources.h"
#include "plan/plan.h"
#include "state/lock.h"
#include "ready/ready.h"

typedef struct Fleet Fleet;

/* Where a member is on its way. */
typedef enum MemberStage {
        STAGE_TO_STOP, /* until what depends on it has stopped */
        STAGE_STOPPING,
        STAGE_TO_START, /* until what it depends on is there */
        STAGE_STARTING, /* until it is ready; also of one that runs already */
        STAGE_OVER,
} MemberStage;

typedef struct Member {
        Fleet *fleet;
        char *name;
        const ContainerSpec *spec; /* project_container_spec() */
        bool asked;                /* by the user, not only by those that depend on it */
        char *machine;
        Lock lock;
        ContainerState *state; /* NULL: never started */
        MachineStatus status;  /* when the command began */
        ContainerPlan *plan;   /* NULL: only stopped */
        PlanAction action;
        bool stop;  /* wanted, before a start if there is one */
        bool start; /* wanted */
        uint64_t stop_timeout_usec;
        Resources resources;
        StopJob *stop_job;
        ReadyJob *ready_job;
        MachineReporter *reporter; /* for what the ready job reads */
        uint64_t began_usec;
        bool attached; /* waiting for one that runs already */
        bool started;
        bool was_ready; /* and ended after that */
        bool untold;    /* its result could not be written to its state */
        bool reached;   /* it is ready, or completed: what others may wait for */
        bool prepared;  /* the resources of a start are open, but for the ports of one that is stopped before
                         */
        bool has_root;  /* its root is open */
        bool elsewhere; /* it runs under another id: this command must not remove anything of it */
        char *last_event;
        MemberStage stage;
        Error error; /* its outcome; unset: as wanted */
} Member;

struct Fleet {
        Project *project;
        const char *verb;
        sd_event *event; /* made by fleet_open() unless the caller has one */
        Progress *progress;
        int runtime_fd; /* of the project */
        int network_fd; /* keeps its network, see network_hold() */
        Network network;
        Member *members; /* never moves once the loop runs */
        size_t n_members;
        uint64_t timeout_usec;      /* of readiness, UINT64_MAX: each container's own */
        uint64_t stop_timeout_usec; /* of stopping, likewise */
        bool no_wait;
        bool rm_on_failure;
        bool undo_all;       /* an interrupt also stops those that have become ready by now */
        unsigned interrupts; /* 1: members are being stopped, 2: at once */
        bool advancing;
        sd_event_source *tick;
        bool events_prepared;
};

#define FLEET_NULL                                                                                          \
        ((Fleet){.runtime_fd = -EBADF,                                                                      \
                 .network_fd = -EBADF,                                                                      \
                 .timeout_usec = UINT64_MAX,                                                                \
                 .stop_timeout_usec = UINT64_MAX})

/**
 * fleet_open() - lock the containers, find out what runs
 * @fleet: FLEET_NULL with the limits set
 * @names: in the order in which they are shown
 *
 * From here on SIGINT, SIGTERM and SIGHUP are blocked and seen by the loop.
 */
int fleet_open(Fleet *fleet, Project *project, const char *verb, char *const *names, Error *reterr);
void fleet_done(Fleet *fleet);

/* Loads what is remembered of each container and plans its start. Needs the specification. */
int fleet_plan(Fleet *fleet, Error *reterr);

/* Loads what is remembered of a container that is only to be stopped, so that its end can be remembered too.
 * A damaged state is noted and left alone: it must not keep anything from being stopped. */
void fleet_recall(Member *m);

/* Opens what the members that are to start need; a refusal here means that nothing has started. */
int fleet_prepare(Fleet *fleet, Error *reterr);

/* All that `up` and `restart` do: open, plan, prepare and run.
 * @names: @asked, and what these depend on where that is to come up, too; in the order of dependencies
 * @restart: also what runs as it should
 * Return: the exit status, or a negative errno. */
int fleet_bring_up(Fleet *fleet, Project *project, const char *verb, char *const *names, char *const *asked,
                   bool restart, Error *reterr);

/* All that `down` does. Return: likewise. */
int fleet_take_down(Fleet *fleet, Project *project, const char *verb, char *const *names, Error *reterr);

/* Does it. Each member's outcome is in its error. Return: the exit status of the command; @reterr is set for
 * what concerns no single member. */
int fleet_run(Fleet *fleet, Error *reterr);

/* Removes what the members that do not run any more, or were never started, have in /run, and the network
 * when nobody needs it. fleet_done() does it too, without a word. */
int fleet_put_away(Fleet *fleet, Error *reterr);

/* Prints the members' errors, and returns the exit status that says most. */
int fleet_report(Fleet *fleet);
