/* SPDX-License-Identifier: MIT */
#pragma once

/* The root file system that a NixOS system starts from: empty directories. Its activation script makes all
 * else at each boot, as links into the store. */

#include "base/error.h"

/* Fills the empty directory @root_fd, to which only root can write so far. */
int skeleton_make(int root_fd, Error *reterr);

/**
 * skeleton_update() - make what a start needs and may be missing
 * @root_fd: the container's root, whose content is the container's doing
 * @store: the store's path, where it is going to be mounted
 * @toplevel_fd: -EBADF, or the toplevel of a container that runs a command: no activation script is going to
 * run, so /bin/sh and the like are made here, as links into what is mounted at /run/current-system
 *
 * Nothing that is there is replaced; directories that systemd-nspawn or activation begin with come back.
 */
int skeleton_update(int root_fd, const char *store, int toplevel_fd, Error *reterr);

/* Lets the root boot @init, also when the container boots again by itself: SYSTEM_INIT leads to it from now
 * on. The root may be in use. */
int skeleton_link_init(int root_fd, const char *init, Error *reterr);

/* Does it lead there? A container that an earlier release has started does not look. */
bool skeleton_leads_to_init(int root_fd, const char *init);
