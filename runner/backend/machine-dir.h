/* SPDX-License-Identifier: MIT */
#pragma once

/* The fixed private path that holds what a machine is made of, in a mount namespace of the machine's own. So
 * nspawn's arguments contain no path of the user's. */

#include "base/error.h"

#define MACHINE_DIR "/run/flake-containers/machine" /* PLAN_MACHINE_DIR, for those who know no plan */

/* A detached mount, open_tree(2), that is attached at MACHINE_DIR/<name>. */
typedef struct MachineMount {
        int fd;
        char *name;
} MachineMount;

/* Goes on in a mount namespace of its own, a slave of the host's: what the host mounts or unmounts later
 * shows there too, so that nothing of the host's is kept busy by a container. */
int machine_dir_unshare(int more_flags, Error *reterr);

/* Mounts a tmpfs on MACHINE_DIR and attaches the mounts. */
int machine_dir_mount(const MachineMount *mounts, size_t n, Error *reterr);
