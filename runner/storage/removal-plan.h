/* SPDX-License-Identifier: MIT */
#pragma once

/* What is going to be removed for good, found out before, so that it can be shown: the state of containers,
 * their volumes, or all of a project's `.containers`. */

#include "context/project.h"

typedef enum RemovalScope {
        REMOVAL_STATE,   /* all that is kept of the containers, but for volumes */
        REMOVAL_ROOTS,   /* their roots: state, ports, journals and logs stay */
        REMOVAL_PROJECT, /* `.containers` */
} RemovalScope;

typedef struct RemovalEntry {
        char *name;
        uint64_t size; /* on the disk, when it has been measured */
} RemovalEntry;

typedef struct RemovalEntries {
        RemovalEntry *entries;
        size_t n;
} RemovalEntries;

typedef struct Removal {
        Project *project; /* borrowed */
        RemovalScope scope;
        char **names;   /* the containers that it is about */
        bool orphans;   /* volumes that no container uses go as well */
        char **guarded; /* the containers, where more goes than the root of one that starts again */
        RemovalEntries containers; /* that have something */
        RemovalEntries volumes;
        RemovalEntries others; /* of `.containers` itself */
        bool measured;
} Removal;

/**
 * removal_plan() - what is going to be removed
 * @names: the containers
 * @volumes: also those volumes of them that no other container uses
 * @orphans: also those that no container uses
 *
 * Refuses with FC_EXIT_CONFLICT a `.containers` that is not of flake-containers, belongs to another user, or
 * is tracked by git; likewise what other work trees use, and volumes of a shared container from another one
 * than the main work tree, whose specification tells what else uses them. @ret is emptied by removal_done().
 */
int removal_plan(Project *project, char *const *names, RemovalScope scope, bool volumes, bool orphans,
                 Removal *ret, Error *reterr);
void removal_done(Removal *removal);

/* Refuses with FC_EXIT_CONFLICT when another work tree uses one of what is guarded, since what it keeps
 * there would go. */
int removal_refuse_used(const Removal *removal, Error *reterr);

/* Refuses with FC_EXIT_CONFLICT when the project has fresh instances: what runs of them would go on without
 * its files. */
int removal_refuse_instances(const Removal *removal, Error *reterr);

/* Refuses with FC_EXIT_CONFLICT when another container has begun to use a volume of the plan, or, where all
 * goes, when there is a container or a volume that the plan does not have: once it is made, a command asks
 * and waits for locks. Those of the plan's containers are held. */
int removal_refuse_changed(const Removal *removal, Error *reterr);

bool removal_is_empty(const Removal *removal);

/* Finds the sizes, which takes as long as du(1). */
int removal_measure(Removal *removal, Error *reterr);

/* As a table, or as JSON on stdout. */
int removal_print(const Removal *removal, FILE *out, Error *reterr);
int removal_print_json(const Removal *removal, Error *reterr);

/* `--dry-run`: on stdout, with sizes for root. Return: the exit status, or a negative errno. */
int removal_show(Removal *removal, Error *reterr);
