/* SPDX-License-Identifier: MIT */
#pragma once

/* Says that a command, or the host, has asked for a container's end, for `status` and the next `up`: a file
 * in the container's directory in /run, which the next start removes, as does a restart of its unit. A
 * container may take a while to end, and a guest that shuts down no longer answers; and an end that was
 * asked for is not a crash. */

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

/* @asking: the command that is about to ask, and may be killed before that; 0: it has asked. */
int stop_record_write(int runtime_fd, pid_t asking, Error *reterr);

typedef struct StopRecord {
        bool exists; /* of a container that has ended: a command was going to ask for it */
        bool holds;  /* of one that runs: a command has asked for its end, or is asking */
} StopRecord;

int stop_record_read(int runtime_fd, StopRecord *ret, Error *reterr);

/* A missing one is success. */
int stop_record_remove(int runtime_fd, Error *reterr);
