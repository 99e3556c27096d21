/* SPDX-License-Identifier: MIT */
#pragma once

/* The one running container that `exec` and `shell` enter. */

#include "ops/project.h"

typedef struct Target {
        Project project;
        pid_t leader;
        int payload_cgroup_fd;
} Target;

#define TARGET_NULL ((Target){.payload_cgroup_fd = -EBADF, .project = PROJECT_NULL})

/* FC_EXIT_NOT_RUNNING with the command that starts it. @ret is emptied by target_done(), also after a
 * failure. */
int target_open(const Globals *globals, const char *container, Target *ret, Error *reterr);
void target_done(Target *t);
