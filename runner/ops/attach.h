/* SPDX-License-Identifier: MIT */
#pragma once

/* `up` that stays: shows the logs of what is up until it has ended, or until it is interrupted and has been
 * stopped. While it stays it holds no locks, so other commands can be used beside it. */

#include "fleet/fleet.h"

/**
 * attach_up() - bring the containers up, as fleet_bring_up() does, and stay
 * @project: its progress becomes plain where it was live, since lines of logs would run into it
 *
 * After SIGINT, SIGTERM or SIGHUP, or when the reader of the logs has gone, all are stopped: the first time
 * in order, at the next signal at once. Returns also when all have ended by themselves; one that another
 * command restarts has not.
 *
 * Return: that of fleet_bring_up() when they do not come up; FC_EXIT_OK: all have ended with 0, or were
 * stopped in
 * order; FC_EXIT_FAILED: one has not ended with 0; FC_EXIT_INTERRUPTED: a second signal; or a negative
 * errno.
 */
int attach_up(const FleetOptions *options, Project *project, char *const *names, char *const *asked,
              bool restart, Error *reterr);
