/* SPDX-License-Identifier: MIT */
#pragma once

/* User namespaces, above all one that nothing lives in: the form in which mount_setattr(2) takes a mapping
 * of ids. */

#include <sys/types.h>

#include "base/macro.h"

/* @uids, @gids: as written to uid_map and gid_map, user_namespaces(7). Return: an fd, or a negative
 * errno. */
int userns_open(const char *uids, const char *gids);

/* Gives a child in a new user namespace the ids of ours, as they are. @proc_fd: of our PID namespace.
 * Return: 0 or a negative errno. */
int userns_copy_maps(int proc_fd, pid_t pid);

/* What the user of this process is outside of its user namespace. (uid_t) -1: it is not told. */
uid_t userns_own_uid(void);

/* Maps the user and group that this process has had before it made the namespace that it is in, to root
 * there. No privilege is needed. Return: 0 or a negative errno. */
int userns_map_own(uid_t uid, gid_t gid);
