/* SPDX-License-Identifier: MIT */
#pragma once

/* What the files of the fleet share: a container on its way to its goal. */

#include "context/network.h"
#include "drift/decide.h"
#include "fleet/fleet.h"
#include "machine/machine.h"
#include "ready/ready.h"
#include "ready/seed-job.h"
#include "ready/switch-job.h"
#include "resources/resources.h"
#include "running/watch.h"
#include "state/lock-ask.h"
#include "storage/seed-places.h"

/* Where a member is on its way. */
typedef enum MemberStage {
        STAGE_TO_STOP, /* until what depends on it has stopped */
        STAGE_STOPPING,
        STAGE_TO_START, /* until what it depends on is there */
        STAGE_STARTING, /* until it is ready; also of one that runs already */
        STAGE_OVER,
} MemberStage;

/* How far it has come: what others may wait for. */
typedef enum MemberReached {
        REACHED_NOTHING,
        REACHED_STARTED,
        REACHED_READY, /* or completed */
} MemberReached;

/* What is open for its start. */
typedef enum MemberPrepared {
        PREPARED_NOTHING,
        PREPARED_RESOURCES, /* but for the root, what covers it, and the ports of one that is stopped */
        PREPARED_ROOT,
} MemberPrepared;

typedef struct Member {
        Fleet *fleet;
        Watched *at; /* its name, its specification, what ran when the command began, its outcome */
        ContainerState *state; /* NULL: never started */
        ContainerPlan *plan;   /* NULL: only stopped */
        Goal goal;
        MemberStage stage;
        MemberReached reached;
        MemberPrepared prepared;
        bool covers_prepared; /* what covers a part of the root */
        bool old_root;        /* its root is of an earlier start */
        char *definer;        /* another work tree that defines what runs (context/shared-use.h), or NULL */
        bool stopping;        /* it runs, and its end has been asked for */
        uint64_t stop_timeout_usec;
        Resources resources;
        StopJob *stop_job;
        ReadyJob *ready_job;
        MachineReporter *reporter; /* for what the ready job reads */
        SeedOutlook seed;
        int *seed_files;                         /* one for each step of its seed; NULL: not opened yet */
        char **fresh_volumes;                    /* that this command has made for it */
        SeedJob *seed_job;                       /* after its readiness */
        void (*seed_finish)(struct Member *m);   /* when that has come to its end */
        bool seeding;                            /* it has begun */
        bool seed_broken;                        /* and the container has ended, or begun anew, meanwhile */
        SwitchJob *switch_job;                   /* while it takes another system (fleet/fleet-switch.h), */
        void (*switch_finish)(struct Member *m); /* when it has, or has gone back */
        bool goes_back;
        const char *adjusted; /* what was changed of it while it runs (fleet/fleet-adjust.h), or NULL */
        uint64_t began_usec;
        bool given_up; /* another command has it now (fleet/fleet-heed.h) */
        bool untold;   /* its result could not be written to its state */
        char *rung;    /* of its readiness that it stands on (ready/ready-progress.h), or NULL */
        char *last_event;
} Member;

struct Fleet {
        FleetOptions options;
        Project *project;
        MachineWatch watch;
        Progress *progress;
        int runtime_fd; /* of the project */
        int network_fd; /* keeps its network, see network_hold() */
        Network network;
        Member *members; /* one for each of those watched; they never move */
        size_t n_members;
        Lock *locks;                          /* likewise */
        LockAsk heed;                         /* what other commands ask of this one */
        LockHolder asker;                     /* the last that something was given up for */
        unsigned interrupts;                  /* 1: members are being stopped, 2: at once */
        void (*advance)(struct Fleet *fleet); /* each member that can go on goes on (fleet/fleet-run.h) */
        bool advancing;
        bool takes_down;
        uint64_t began_usec;
        const FleetChange *change; /* to be made when all have stopped; NULL: none, or it is over */
        Error change_error;        /* why it was not made, where no member tells that */
        sd_event_source *tick, *heed_source;
        bool events_prepared;
};

/* Is only waited for. */
static inline bool member_is_kept(const Member *m) {
        return m->goal == GOAL_KEEP || m->goal == GOAL_ADJUST;
}

/* Goes on to run, with the system that it has or with another one. */
static inline bool member_runs_on(const Member *m) {
        return member_is_kept(m) || m->goal == GOAL_SWITCH;
}

/* Its system is neither the one that ran nor the one that it is to have. */
static inline bool member_is_switching(const Member *m) {
        return m->goal == GOAL_SWITCH && m->state && m->state->switching;
}
