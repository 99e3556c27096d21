/* SPDX-License-Identifier: MIT */
#pragma once

/* On whose behalf we run, and doing file system work as that user. Nearly everything needs root, but what
 * appears in the developer's source tree belongs to the developer. */

#include <sys/types.h>

#include "base/error.h"

#define USER_GROUPS_MAX 64 /* supplementary groups beyond that are left out */

typedef struct InvokingUser {
        uid_t uid;
        gid_t gid;
        gid_t groups[USER_GROUPS_MAX];
        size_t n_groups;
} InvokingUser;

/**
 * user_invoking() - who started us
 *
 * As root: SUDO_UID and SUDO_GID (sudo(8); run0(1) sets them too), PKEXEC_UID, DOAS_USER, in this order;
 * without any of them root. When we are not root these variables are ignored, as any user can set them: then
 * it
 * is the effective user.
 *
 * FC_EXIT_USAGE when one of them does not hold what it should: guessing could leave root's files in the
 * user's tree.
 */
int user_invoking(InvokingUser *ret, Error *reterr);

/**
 * user_for_owner() - who makes files in a directory of the developer's
 * @uid, @gid: the directory's owner
 *
 * The invoking user, except where root works in another user's directory (then as its owner) and where a
 * user
 * works in root's directory (then as root, as the user could not).
 */
void user_for_owner(const InvokingUser *invoking, uid_t uid, gid_t gid, InvokingUser *ret);

/* "alice", or the number of a uid that has no name. Asks NSS: for messages only. Owned by the caller. */
char *user_name(uid_t uid);

/* Becomes that user for good, with all groups: in a child, before it executes something. Return: whether. */
bool user_become(const InvokingUser *user);

typedef struct UserFs {
        bool entered;
        gid_t groups[USER_GROUPS_MAX];
        int n_groups;
} UserFs;

#define USER_FS_NULL ((UserFs){0})

/**
 * user_fs_enter() - access files as a user: setfsuid(2), setfsgid(2), setgroups(2)
 * @guard: starts as USER_FS_NULL; user_fs_leave() undoes it, best by _cleanup_(user_fs_leave)
 *
 * The kernel takes CAP_DAC_OVERRIDE and its like away for as long, so that permissions count as they do for
 * the user. What new files get is that user's uid and gid. Does nothing when we are not root or the user is
 * root. Not to be nested. FC_EXIT_HOST when the kernel does not do it (a user namespace without that uid).
 */
int user_fs_enter(const InvokingUser *user, UserFs *guard, Error *reterr);

/* Does nothing for a guard that was not entered. Keeps errno. */
void user_fs_leave(UserFs *guard);
