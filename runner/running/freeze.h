/* SPDX-License-Identifier: MIT */
#pragma once

/* Containers that stand still while their files are copied: the control groups of their payloads are frozen,
 * and what runs outside of these (the supervisor, the relay) goes on.
 *
 * None stays frozen. The command thaws them; a guard process does that when the command is killed; and where
 * both are, a record in the container's directory in /run tells the next command that works on it. */

#include "context/project.h"
#include "enter/guard.h"
#include "running/watch.h"

typedef struct Frozen {
        int cgroup_fd;  /* of the payload */
        int runtime_fd; /* /run/flake-containers/ID/NAME */
} Frozen;

typedef struct Freeze {
        Frozen *frozen;
        size_t n;
        Guard guard;
} Freeze;

#define FREEZE_NULL ((Freeze){.guard = GUARD_NULL})

/**
 * freeze_begin() - freeze those that run
 * @watch: what runs has been looked at; their locks are held
 *
 * From its success to freeze_end() all of them stand still, at one moment. After a failure none does.
 * FC_EXIT_CONFLICT for one that is frozen already, or just reboots; FC_EXIT_INTERNAL for one that does not
 * stand still within its time.
 */
int freeze_begin(const MachineWatch *watch, int project_runtime_fd, Freeze *ret, Error *reterr);

/* Thaws them; does nothing for FREEZE_NULL. */
int freeze_end(Freeze *freeze, Error *reterr);

/* Thaws what a command that was killed has left so. The container's lock is held. */
int freeze_recover(const Project *project, const char *name, const MachineStatus *status,
                   int project_runtime_fd, Error *reterr);

/* Is it frozen for a snapshot? @runtime_fd: the container's directory in /run. Without the lock. */
int freeze_is_recorded(int runtime_fd, bool *ret, Error *reterr);
