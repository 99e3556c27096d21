/* SPDX-License-Identifier: MIT */
#pragma once

/* The cgroup that belongs to a user without root, in which containers get theirs:
 *
 *     BASE/command                      the user's commands
 *     BASE/flake-containers/MACHINE/..  as cgroup/cgroup.h says
 *
 * The root of the cgroup namespace that commands run in is BASE. */

#include "base/error.h"

/**
 * user_cgroup_open() - the cgroup that is the user's
 *
 * The highest one that this process is in and that belongs to the user. FC_EXIT_HOST: there is none, with
 * the line that makes one.
 * Return: the fd of its directory.
 */
int user_cgroup_open(Error *reterr);
