/* SPDX-License-Identifier: MIT */
#pragma once

/* Device nodes for a container: of our own making, in a tmpfs that nothing else sees, bound over by nspawn.
 *
 * A bind of the host's node would be of little use: its owner (root:kvm) does not exist in a user namespace,
 * so that not even the container's root may open it, and devtmpfs cannot be id-mapped. With the ids of the
 * host the container could change the host's node. Ours is open to every user inside, for what the
 * permissions say, and since its owner does not exist inside, no process there can widen them. mknod(2) is
 * refused in a user namespace anyhow. */

#include "plan/plan.h"

/**
 * devices_mount() - a detached tmpfs with a node "0", "1", ... for each device
 * @place: where the array of devices stands in the specification, for messages
 *
 * FC_EXIT_HOST when the host has no such device, FC_EXIT_USAGE when it is none. Return: an fd as of
 * mount_clone().
 */
int devices_mount(const Device *devices, size_t n, const char *place, Error *reterr);
