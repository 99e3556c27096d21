/* SPDX-License-Identifier: MIT */
#pragma once

/* What keeps Nix's garbage collector away from what a container was started with: links in
 * `.containers/NAME/` to store paths, and for each a link to it in Nix's gcroots/auto. The collector follows
 * those two steps, and itself removes the second link when the first is gone, so that deleting a container's
 * state is all there is to do. */

#include "base/error.h"
#include "host/user.h"

/**
 * gc_root_set() - make, change or drop one of a container's links
 * @container_fd: `.containers/NAME`; the container's lock is held
 * @container_path: its absolute path, by which the collector finds it
 * @user: who makes files there
 * @name: of the link
 * @target: what it leads to, in @store; NULL drops the link
 * @store: the directory of store paths; Nix's own things are beside it, in ../var/nix. Where there is no
 * such directory there is no collector, and only the first link is made. It is reached by no symbolic link,
 * and written to as its owner
 *
 * What was linked before is no longer kept: call it when nothing runs from it any more.
 */
int gc_root_set(int container_fd, const char *container_path, const InvokingUser *user, const char *name,
                const char *target, const char *store, Error *reterr);

/**
 * gc_root_list_stale() - registered links of ours that lead to a link which is not there any more
 * @gone: the paths of projects that are known to be removed; may be NULL
 * @ret: their paths and what they led to, in turns, owned by the caller; NULL: there are none
 *
 * Of containers that were removed from a project whose `.containers` can be seen, and of projects in @gone.
 * Of all others the disk may only not be mounted; where they are gone indeed, the collector removes the
 * links.
 */
int gc_root_list_stale(const char *store, char *const *gone, char ***ret, Error *reterr);

/* Removes one of them, unless it leads somewhere by now. @ret_removed: whether it has. */
int gc_root_remove_stale(const char *store, char *const *gone, const char *path, bool *ret_removed,
                         Error *reterr);

/* The store of the package that has @program, the path of an executable, in its bin/; owned by the
 * caller, NULL when that is not a store with a garbage collector. */
char *gc_root_store_of(const char *program);
