/* SPDX-License-Identifier: MIT */
#pragma once

/* What the containers that run use of the machine: processors, memory, tasks, disks. */

#include "context/project.h"

typedef struct StatsOptions {
        bool once;              /* also on a terminal */
        uint64_t interval_usec; /* between two drawings */
} StatsOptions;

/**
 * stats_show() - print a table, or JSON once
 *
 * A terminal sees it drawn again until it is interrupted. Return: the exit status, or a negative errno.
 */
int stats_show(Project *project, char *const *names, const StatsOptions *options, Error *reterr);
