/* SPDX-License-Identifier: MIT */
#pragma once

/* Several containers in one event loop: what runs of each, when that ends, and what has come of it. The
 * verbs that act or wait (`up`, `down`, `restart`, `wait`, `up --attach`, `events -f`) put their own parts
 * to it; the loop goes on until none of the containers is waited for. */

#include "context/project.h"
#include "machine/machine-end.h"

typedef struct MachineWatch MachineWatch;

typedef struct Watched {
        MachineWatch *watch;
        char *name;
        char *machine;
        const ContainerSpec *spec; /* project_container_spec() */
        MachineStatus status;      /* when it was looked at last */
        MachineEnd *end;
        void (*ended)(struct Watched *x);
        bool over;   /* the loop does not wait for it */
        Error error; /* its outcome; unset: as wanted */
        bool told;   /* that has been printed */
        void *part;  /* the verb's, borrowed */
} Watched;

struct MachineWatch {
        Project *project;
        sd_event *event;
        sd_event_source *signals[3];
        Watched *entries; /* do not move */
        size_t n;
        bool stopped; /* the loop waits for none of them any more */
};

/* @event: NULL: a new one. @watch is emptied by machine_watch_done(), also after a failure. */
int machine_watch_open(MachineWatch *watch, Project *project, sd_event *event, char *const *names,
                       Error *reterr);
void machine_watch_done(MachineWatch *watch);

/* NULL: it is not among them. */
Watched *machine_watch_find(const MachineWatch *watch, const char *name);

/* SIGINT, SIGTERM and SIGHUP, which the caller has blocked. */
int machine_watch_add_signals(MachineWatch *watch, sd_event_signal_handler_t handler, void *userdata,
                              Error *reterr);
void machine_watch_drop_signals(MachineWatch *watch);

/* Asks what runs now: each, or one. */
int machine_watch_look(MachineWatch *watch, Error *reterr);
int watched_look(Watched *x, Error *reterr);

/* After a look: has @ended called, once, when the machine has ended. Return: 1 it will be, 0 it has ended
 * meanwhile and nothing is called, or a negative errno. */
int watched_follow(Watched *x, void (*ended)(Watched *x), Error *reterr);

/* Runs the loop until all are over, `stopped` is set, or something has exited from the loop. */
int machine_watch_run(MachineWatch *watch, Error *reterr);

/* Prints their errors, unless that has been done. Return: the exit status of the first, in their order. */
int machine_watch_report(MachineWatch *watch);
