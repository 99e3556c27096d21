/* SPDX-License-Identifier: MIT */
#pragma once

/* A user's subordinate ids, subuid(5), and the maps of a user namespace that are made of them. */

#include <sys/types.h>

#include "base/error.h"

/* What a guest needs beside its root. */
#define SUBIDS_NEEDED 65535u

/**
 * subids_parse() - the first range of a user's that is large enough
 * @text: of /etc/subuid or /etc/subgid
 * @name: NULL: only the number counts
 *
 * Pure. Return: whether there is one.
 */
bool subids_parse(const char *text, const char *name, uid_t uid, uint32_t *ret_first);

/* The first of those that a namespace of that user gets. FC_EXIT_HOST: there are none. */
int subids_of(uid_t uid, uint32_t *ret_uid, uint32_t *ret_gid, Error *reterr);

/* The command lines of newuidmap(1) and newgidmap(1), which give a process that has made a user namespace
 * its ids: root is the user, all others are subordinate ones. FC_EXIT_HOST: there are none, or no such
 * program. */
int subids_map_commands(pid_t pid, char ***ret_uids, char ***ret_gids, Error *reterr);

/* Whether there are. FC_EXIT_HOST likewise. */
int subids_check(Error *reterr);
