/* SPDX-License-Identifier: MIT */
#pragma once

/* The fresh instances that a project has (context/instance.h), and what removes them. */

#include "context/gc-finds.h"
#include "context/project.h"

typedef struct FoundInstance {
        char *name;
        char *id;
        bool dead;      /* the process that it was made for has ended */
        char **running; /* containers */
} FoundInstance;

typedef struct InstanceList {
        FoundInstance *entries;
        size_t n;
} InstanceList;

void instance_list_done(InstanceList *list);

/* Those of a project, by name. @project: not an instance. Only root can tell which are dead. */
int instance_list(const Project *project, InstanceList *ret, Error *reterr);

/**
 * instance_collect() - remove one that is dead
 * @gc: how; only what it is told is looked at
 * @known: leave it alone when it is known in /run, by which `gc` finds it as well
 * @ret: whether it was dead; with `dry_run` it still is there
 */
int instance_collect(const Project *project, const char *name, const Gc *gc, bool known, bool *ret,
                     Error *reterr);

/* All of them that are dead. */
int instance_collect_all(const Project *project, Error *reterr);

/* All that an id has on the machine. @holds_base: as in Gc. */
int instance_bury(const HostFacts *facts, const char *id, bool holds_base, Error *reterr);

/* That, and its directory. @whole: the state of the project itself. */
int instance_remove(const HostFacts *facts, const StateDir *whole, const char *name, const char *id,
                    bool holds_base, Error *reterr);
