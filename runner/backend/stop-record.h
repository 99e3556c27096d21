/* SPDX-License-Identifier: MIT */
#pragma once

/* That a command, or the host, has asked for a container's end, for `status`: a file in the container's
 * directory in /run, which goes with the next start. What it is asked of may take a while, and a guest on
 * its way down has nobody left who could be asked; and how it ended then is no crash. */

#include <sys/types.h>

#include "base/error.h"

/* @asking: who is about to ask for it, and may be killed before that; 0: it has been asked. */
int stop_record_write(int runtime_fd, pid_t asking, Error *reterr);

/* For one that has ended: somebody was going to ask for it. */
bool stop_record_exists(int runtime_fd);

/* For one that runs: its end has been asked for, or is at this moment. */
bool stop_record_holds(int runtime_fd);

/* A missing one is success. */
int stop_record_remove(int runtime_fd, Error *reterr);
