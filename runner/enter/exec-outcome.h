/* SPDX-License-Identifier: MIT */
#pragma once

/* How a command that ran in a container ended: what exec-manager.h and exec-direct.h tell
 * container_exec(). */

#include "base/macro.h"

typedef struct ExecOutcome {
        bool known; /* the program ended and `code` and `status` say how; else the container went first */
        int code;   /* CLD_EXITED, CLD_KILLED, CLD_DUMPED */
        int status; /* exit status or signal, by `code` */
} ExecOutcome;
