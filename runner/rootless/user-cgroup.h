/* SPDX-License-Identifier: MIT */
#pragma once

/* The cgroup that belongs to a user without root, in which containers get theirs:
 *
 *     BASE/command                      the user's commands
 *     BASE/flake-containers/MACHINE/..  as cgroup/cgroup.h says
 *
 * The root of the cgroup namespace that commands run in is BASE. */

#include "base/error.h"

/* How a path in cgroup2 leads to a user's: it is theirs from that component on. Pure. */
typedef enum UserCgroupStep {
        USER_CGROUP_MAY_BE, /* if it belongs to the user */
        USER_CGROUP_SCOPE,  /* the scope of the user's systemd (bus/user-scope.h) */
        USER_CGROUP_OTHER,  /* what else the user's systemd has, and divides itself */
} UserCgroupStep;

/* @in_manager: whether a component before was the user's systemd; set when this one is. */
UserCgroupStep user_cgroup_judge(const char *name, bool *in_manager);

/* Whether this process is in that scope. */
bool user_cgroup_is_in_scope(void);

/**
 * user_cgroup_open() - the cgroup that is the user's
 *
 * The scope of the user's systemd that this process is in; else the highest one that it is in and that
 * belongs to the user. FC_EXIT_HOST: there is none, with the line that makes one.
 * Return: the fd of its directory.
 */
int user_cgroup_open(Error *reterr);

/**
 * user_cgroup_survey() - which one user_cgroup_open() would open, and what it could limit
 * @ret_systemd: whether it would be a scope of the user's systemd
 * @ret_where: in words; owned by the caller
 * @ret_controllers: likewise
 *
 * Nothing is made. FC_EXIT_HOST as there.
 */
int user_cgroup_survey(bool *ret_systemd, char **ret_where, char ***ret_controllers, Error *reterr);
