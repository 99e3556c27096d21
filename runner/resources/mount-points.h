/* SPDX-License-Identifier: MIT */
#pragma once

/* Where mounts of a container belong inside of its volumes: `.:/app` and `@modules:/app/node_modules` on a
 * fresh clone. systemd-nspawn would make them as the host's root, in the developer's tree. */

#include "plan/plan.h"

/**
 * mount_points_make() - make the mount points that are missing in volumes
 * @mount_fds: the plan's mounts, detached and with their ids mapped; -EBADF: there is none yet
 * @overlays: only in overlay volumes, or only in all others
 *
 * As the owner of the volume, and through no symbolic link: what is behind one, systemd-nspawn looks for
 * inside. FC_EXIT_USAGE where the volume is read-only: what a container must not write is not written for
 * it.
 */
int mount_points_make(const ContainerPlan *plan, const int *mount_fds, bool overlays, Error *reterr);
