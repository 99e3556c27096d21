/* SPDX-License-Identifier: MIT */
#pragma once

/* What a guest sees of the file system, as far as it is made before the guest has namespaces of its own. In
 * these it has no power over any of it: the kernel locks the mounts that come from a namespace above. */

#include "keeper/cell-options.h"

/* Where a guest's PID 1 tells that it is ready, and what it finds its credentials by. */
#define TREE_NOTIFY      "/run/host/notify"
#define TREE_CREDENTIALS "/run/host/credentials"

/* What the kernel has to see of /proc for a guest to mount its own; hidden before it runs. */
#define TREE_PROC "/run/host/.proc"

/* Goes on in a mount namespace of its own, in which the guest's root is the root. Whatever a path leads
 * through there, it cannot lead out. */
int tree_enter(const CellOptions *o, Error *reterr);

/* What only a process in the guest's namespaces can mount: its own /proc and the like. */
int tree_mount_inside(const CellOptions *o, Error *reterr);

/* Takes away what tree_mount_inside() has needed, here and, since that propagates, in the guest's namespace,
 * which cannot do so by itself. */
int tree_hide_sights(const CellOptions *o, Error *reterr);

/* Makes a small file below the guest's root, which is not there and not to be changed. */
int tree_write(const char *path, const char *text, Error *reterr);
