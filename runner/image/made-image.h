/* SPDX-License-Identifier: MIT */
#pragma once

/* The images of `system.debian` and `system.oci`, in a directory that no other user can enter, of root's or,
 * without root, of the user's: made when one is needed first, shared by all projects of the machine or the
 * user, known by what they were made of.
 *
 *     KEY/definition   what it was made of; without it the image counts as not there
 *     KEY/root         the root file system
 *     KEY/config.json  what an OCI image runs
 *     KEY/users/       links to where the containers were that use it, when they were started; their names
 *                      tell which directories those were
 *     .KEY.new         one that is being made
 *     .KEY.lock        held alone by what makes or removes it, shared until its end by a command that copies
 *                      it or starts on it. What then runs on it as a layer holds no lock */

#include "context/gc-finds.h"
#include "context/project.h"
#include "plan/made-image.h"
#include "plan/plan.h"
#include "screen/progress.h"

/* The directory, checked to be the calling user's alone. @ret_fd: -EBADF: it is not there, and not made. */
int made_image_cache_open(const char *cache, bool make, int *ret_fd, Error *reterr);

/* Whether it is there, without a lock. */
bool made_image_is_there(const ContainerSpec *c, const char *cache);

/* Opens its root. FC_EXIT_HOST when it is not there. Return: the fd. */
int made_image_open(const ContainerPlan *plan, Error *reterr);

/**
 * made_image_make() - have a container's image, and keep it
 * @sources: what `system.oci` names is one of them
 * @container_fd: `.containers/NAME`, which uses it; -EBADF: to look only
 * @progress: told of each step
 * @ret_lock_fd: it is not removed while this is open
 *
 * Waits for another command that makes it. It is complete or not there at all. FC_EXIT_INTERRUPTED on a
 * signal.
 */
int made_image_make(const ContainerPlan *plan, const Sources *sources, int container_fd, Progress *progress,
                    int *ret_lock_fd, Error *reterr);

/* Owned by the caller. */
char *made_image_lock_name(const char *image_key);

/* The name of a link in `users` for a container's directory. Owned by the caller; NULL with errno set. */
char *made_image_user_name(const char *path, int fd);

/* Removes images that no container uses, and what a killed command has left. One whose user is not where it
 * was is left while anything runs on a layer. */
int made_image_clean(Gc *gc, Error *reterr);
