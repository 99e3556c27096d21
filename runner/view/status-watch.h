/* SPDX-License-Identifier: MIT */
#pragma once

/* `status --watch`: what runs, each time that it changes. On a terminal that can it is one table, drawn
 * again in its place; elsewhere each change is a table of its own, or as JSON a line. It waits for events of
 * the containers, for what is written down of them, for the ends of machines, for signals of guests'
 * systemds and for changes of the specification. One timer only counts uptimes and memory on, where they are
 * seen, and one runs while a command starts or seeds a container: that it was killed is no event. */

#include "context/project.h"

typedef struct StatusWatchOptions {
        bool wide, json;
} StatusWatchOptions;

/* @operands: the containers, or all that there are at any time. Until SIGINT or SIGTERM, or until stdout's
 * reader has gone; then 0. */
int status_watch(const ProjectRequest *request, char *const *operands, const StatusWatchOptions *options,
                 Error *reterr);
