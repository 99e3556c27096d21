/* SPDX-License-Identifier: MIT */
#pragma once

/* Filling MACHINE_DIR, in a mount namespace of the machine's own. */

#include "base/error.h"
#include "base/paths.h"

/* The FIFO that a plain command waits on (gate/main.c). It has no other name, so that no other user of the
 * host can open it and be taken for the gate. */
#define MACHINE_GATE MACHINE_DIR "/fifo"

/* A detached mount, open_tree(2), that is attached at MACHINE_DIR/<name>, or else on what was opened in a
 * mount before it. That stays the same directory when it is renamed meanwhile, as another guest of the same
 * volume can. */
typedef struct MachineMount {
        int fd;
        char *name;
        int on_fd; /* O_PATH, or -EBADF */
} MachineMount;

/* Goes on in a mount namespace of its own, a slave of the host's: what the host mounts or unmounts later
 * shows there too, so that nothing of the host's is kept busy by a container. */
int machine_dir_unshare(int more_flags, Error *reterr);

/* Mounts a tmpfs on MACHINE_DIR, attaches the mounts, and makes the FIFO if there is a gate. */
int machine_dir_mount(const MachineMount *mounts, size_t n, bool gate, Error *reterr);

/* systemd-nspawn resolves most paths inside the root, but as root of the host it enters /dev, /proc, /run
 * and /sys as they stand: for devices, `/run/host` and credentials. A container that has put a link there
 * would have it write to where the link leads to on the host. To be asked before each start of nspawn, that
 * of a reboot included. */
int machine_dir_check_root(Error *reterr);

/* Removes what a guest has left in its file systems in memory: each boot finds them empty. To be called when
 * nothing of the guest runs. */
int machine_dir_empty_tmpfs(Error *reterr);
