/* SPDX-License-Identifier: MIT */
#pragma once

/* `pause` and `unpause`: containers that stand still, with all that they have in memory, until they go on or
 * are stopped. Nothing remembers it but the kernel, and on a host that systemd manages systemd. */

#include "context/project.h"

/* What a container is brought to. */
typedef enum PauseWay {
        PAUSE_STOP_STILL,
        PAUSE_GO_ON,
} PauseWay;

/**
 * pause_run() - pause containers, or let them go on
 * @named: the user has named them: each must run. Otherwise it is about all that run
 *
 * One that is as it should be already is success. Return: the exit status, or a negative errno.
 */
int pause_run(Project *project, char *const *names, bool named, PauseWay way, Error *reterr);
