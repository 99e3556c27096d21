/* SPDX-License-Identifier: MIT */
#pragma once

/* What checkouts that were deleted, and commands and containers that were killed, have left on the machine:
 * machines, bridges, directories in /run, trees half removed, links of Nix's garbage collector. Nothing is
 * remembered for it; all is found by looking, so that a run that is killed is only a beginning of the next.
 *
 * Of a project whose directory is gone all goes, what runs included. One that is there, wherever it was
 * moved to, keeps what runs; what has crashed in it is put away where the project belongs to the user who
 * asks. No command is disturbed: where one holds a lock of the project, that project is left alone, and
 * named. */

#include "host/facts.h"
#include "host/user.h"
#include "screen/progress.h"

#define GC_BASE_TIMEOUT_USEC (60 * USEC_PER_SEC)

typedef struct GcThing {
        const char *kind;
        char *name;
        char *why;
} GcThing;

typedef struct Gc {
        bool dry_run;           /* find, and do nothing */
        bool holds_base;        /* no other command removes directories in /run */
        uint64_t patience_usec; /* how long a lock is waited for */
        ProgressMode progress;
        InvokingUser user;
        HostFacts facts;
        char **machines; /* that run, or have left something */
        char **bridges;
        char **gone;     /* paths of projects that were removed */
        GcThing *things; /* what was removed, or would be */
        size_t n_things;
        char **notes; /* what is left alone, and why */
} Gc;

void gc_done(Gc *gc);

/* Adds a thing, which has been removed. */
void gc_say(Gc *gc, const char *kind, const char *name, const char *why);

/* @root: of a project that is looked at as well; NULL: that of the current directory, if there is one.
 * Return: the exit status, with what went wrong printed and the rest done; or a negative errno. */
int gc_run(Gc *gc, const char *root, Error *reterr);
