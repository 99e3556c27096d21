/* SPDX-License-Identifier: MIT */
#pragma once

/* One `gc`: how it is run, what it has seen of the machine, and what it has found. */

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
