/* SPDX-License-Identifier: MIT */
#pragma once

/* One project that has something on the machine, as `gc` sees it: by what /run knows of it. */

#include "context/gc-finds.h"
#include "machine/machine.h"
#include "state/checkout.h"
#include "state/lock.h"

typedef struct GcProject {
        Gc *gc;
        char *id;
        int runtime_fd; /* its directory in /run; -EBADF: there is none */
        bool claimed;
        bool only_locks;   /* that directory holds nothing else: of commands that found nothing to do */
        Checkout checkout; /* where it is, if it is claimed */
        char **names;      /* of its containers, as far as that directory knows them */
        char **machines;   /* that run or have left something */
        char **strange;    /* likewise, of containers whose names are not known */
} GcProject;

/* Reads what /run knows of it. @ret: to be emptied by gc_project_done(). */
int gc_project_open(Gc *gc, const char *id, GcProject *ret, Error *reterr);
void gc_project_done(GcProject *p);

/* Of one of its machines. */
int gc_project_query(const GcProject *p, const char *machine, MachineStatus *ret, Error *reterr);

/* Those of its networks that are there; owned by the caller. */
char **gc_project_bridges(const GcProject *p);

/* A container's lock. Return: 1 it is held, 0 a command holds it, which is noted, or a negative errno. */
int gc_project_lock(const GcProject *p, const char *name, Lock *ret, Error *reterr);

/* All of the project's, in the order of their names, as every command takes them. Return: likewise. */
int gc_project_lock_all(const GcProject *p, Lock **ret, size_t *ret_n, Error *reterr);
Lock *gc_project_unlock_all(Lock *locks, size_t n);
