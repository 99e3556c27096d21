/* SPDX-License-Identifier: MIT */
#pragma once

/* A user namespace that nothing lives in: the form in which mount_setattr(2) takes a mapping of ids. */

#include "base/macro.h"

/* @uids, @gids: as written to uid_map and gid_map, user_namespaces(7). Return: an fd, or a negative
 * errno. */
int userns_open(const char *uids, const char *gids);
