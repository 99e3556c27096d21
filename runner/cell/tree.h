/* SPDX-License-Identifier: MIT */
#pragma once

/* What a guest sees of the file system, as far as it is made before the guest has namespaces of its own. In
 * these it has no power over any of it: the kernel locks the mounts that come from a namespace above. */

#include "keeper/cell-options.h"

/* Where a guest's PID 1 tells that it is ready, and what it finds its credentials by. */
#define TREE_NOTIFY      "/run/host/notify"
#define TREE_CREDENTIALS "/run/host/credentials"

/* What the kernel has to see of /proc and /sys for a guest to mount its own; hidden before it runs. */
#define TREE_PROC  "/run/host/.proc"
#define TREE_SYSFS "/run/host/.sysfs"

/* Attributes of mounts in which there are no programs. */
#define TREE_NOTHING (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

/* Goes on in a mount namespace of its own, in which the guest's root is the root. Whatever a path leads
 * through there, it cannot lead out. */
int tree_enter(const CellOptions *o, Error *reterr);

/* Takes TREE_PROC and TREE_SYSFS away, here and, since that propagates, in the guest's namespace, which
 * cannot do so by itself. */
int tree_hide_sights(Error *reterr);

/* Makes a small file below the guest's root, which is not there and not to be changed. */
int tree_write(const char *path, const char *text, Error *reterr);
