/* SPDX-License-Identifier: MIT */
#pragma once

/* `status --watch`: what runs, each time that it changes. On a terminal that can it is one table, drawn in
 * place, whose times go on; elsewhere each change is a table of its own, or as JSON a line. It waits for
 * events of the containers and for signals of their systemds, and asks no guest by a timer. */

#include "ops/project.h"

typedef struct StatusWatchOptions {
        bool wide, json;
} StatusWatchOptions;

/* Until SIGINT or SIGTERM, or until stdout's reader is gone; then 0. */
int status_watch(Project *project, char *const *names, const StatusWatchOptions *options, Error *reterr);
