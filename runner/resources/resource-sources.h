/* SPDX-License-Identifier: MIT */
#pragma once

/* Opening what a plan names on the host, and refusing what is not of the right kind. All return a descriptor
 * and raise errors that name the place. */

#include "plan/plan.h"
#include "project/source.h"
#include "project/state-dir.h"
#include "resources/resource-ids.h"
#include "rootfs/mount-maps.h"

/* A directory or file of the user's. @create: make the directory where it is missing. @notes: gets remarks
 * for the user about sources that are not refused. -ENOENT: as source_open(). */
int resource_open_volume(const Sources *sources, const PlanMount *m, bool create, char ***notes,
                         Error *reterr);

/* What a named volume is made with, where it is not there. */
typedef struct FreshVolume {
        const StateDir *state;
        const ContainerPlan *plan;
        int runtime_fd;     /* /run/flake-containers/ID */
        int root_fd;        /* what it is going to cover a part of, see covered_open() */
        AccountIds account; /* whose it is, where the plan says so */
        MountMaps *maps;
} FreshVolume;

/**
 * resource_open_named_volume() - a directory in .containers/volumes
 *
 * One that is not there is made as a copy of what it covers. One that is there stays as it is, also when it
 * is empty: another container may have it mounted, and what has been deleted in it does not come back.
 */
int resource_open_named_volume(const FreshVolume *f, const PlanMount *m, Error *reterr);

/* Whether that would make it, or resource_lay_overlay() the layers of an overlay. */
int resource_is_fresh(const StateDir *state, const PlanMount *m, bool *ret, Error *reterr);

/* The name of such a volume, without the "@", or of what is kept of an overlay; borrowed. */
const char *resource_volume_name(const PlanMount *m);

/* Return: a detached mount, with the owner and the mode of what it is going to cover. */
int resource_mount_tmpfs(const ContainerPlan *plan, const PlanMount *m, int root_fd, Error *reterr);

/* The content of a regular file of at most @max bytes. @what, @source, @below: as of source_open(). @ret: as
 * of fs_read_fd(). */
int resource_read(const Sources *sources, const char *what, const char *source, const char *below,
                  size_t max, char **ret, size_t *ret_size, Error *reterr);

int resource_open_credential(const Sources *sources, const PlanMount *m, Error *reterr);

/* A regular file that we read, or hand on to be read. @what, @path, @below: as for source_open() */
int resource_open_readable(const Sources *sources, const char *what, const char *path, const char *below,
                           Error *reterr);

/* The directory that a root is made from. */
int resource_open_image(const Sources *sources, const ContainerPlan *plan, Error *reterr);

/* The toplevel. */
int resource_open_toplevel(const Sources *sources, const ContainerPlan *plan, Error *reterr);

/* The store that the toplevel is in. */
int resource_open_store(const Sources *sources, const ContainerPlan *plan, Error *reterr);

/* The names of the store paths that the plan's closure lists; owned by the caller. */
int resource_read_closure(const Sources *sources, const ContainerPlan *plan, char ***ret_names,
                          Error *reterr);

/* The part of the store that the plan's closure lists. Return: a detached mount, its ids mapped. */
int resource_mount_closure(const Sources *sources, const ContainerPlan *plan, const PlanMount *m,
                           MountMaps *maps, Error *reterr);
