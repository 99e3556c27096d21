/* SPDX-License-Identifier: MIT */
#pragma once

/* What `down --volumes` and `up --remove-orphans` share: containers are stopped, and what is kept of them
 * removed, after a question. */

#include "fleet/fleet.h"

/**
 * stop_and_remove() - stop containers and remove their state
 * @volumes: also those volumes of them that no other container uses ...
 * @every: ... and those that no container uses
 * @yes: do not ask
 *
 * @ret_hooks: how the hooks went that run before, for which nothing is kept
 *
 * With `--dry-run` it shows what would go. Return: the exit status, or a negative errno.
 */
int stop_and_remove(const FleetOptions *options, Project *project, char *const *names, bool volumes,
                    bool every, bool yes, int *ret_hooks, Error *reterr);
