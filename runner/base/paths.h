/* SPDX-License-Identifier: MIT */
#pragma once

/* Paths on which programs of ours agree that know nothing else of each other. */

/* What a machine is made of, in a mount namespace of the machine's own: nspawn's arguments contain no other
 * path of the host. */
#define MACHINE_DIR "/run/flake-containers/machine"

/* At the project's root: all that its containers keep (project/state-dir.h). */
#define STATE_DIR_NAME ".containers"
