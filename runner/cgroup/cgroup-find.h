/* SPDX-License-Identifier: MIT */
#pragma once

/* Which processes are in the control group of a machine. */

#include <sys/types.h>

#include "base/error.h"

/* The first process of `path` ("runner", "nspawn/supervisor"), 0 when there is none. */
int cgroup_first_process(int fd, const char *path, pid_t *ret, Error *reterr);

/**
 * cgroup_find_process() - the pid in our numbers of the process that is @wanted in the payload, 0 when there
 * is none
 *
 * Found by asking the kernel, not by remembering: the process in payload/ or, where the payload is systemd,
 * payload/init.scope whose innermost pid (NSpid in proc(5)) is that, and that is in the fewest namespaces.
 */
int cgroup_find_process(int fd, long wanted, pid_t *ret, Error *reterr);

/* The payload's PID 1. */
int cgroup_find_leader(int fd, pid_t *ret, Error *reterr);
