/* SPDX-License-Identifier: MIT */
#pragma once

/* The two ways in which a command runs in a container; container_exec() chooses. */

#include "bus/guest-bus.h"
#include "enter/session.h"

typedef struct ExecOutcome {
        bool known; /* the program ended and `code` and `status` say how; else the container went first */
        int code;   /* CLD_EXITED, CLD_KILLED, CLD_DUMPED */
        int status; /* exit status or signal, by `code` */
} ExecOutcome;

/* As a transient service of the guest's manager. Takes over `*bus`, which is unset afterwards. The command
 * must be carriable. */
int exec_by_manager(const ExecRequest *request, const EnterTarget *target, const Command *command,
                    GuestBus **bus, Session *session, ExecOutcome *ret, Error *reterr);

/* As a process put into the container's namespaces and cgroup. */
int exec_directly(const ExecRequest *request, const EnterTarget *target, const Command *command,
                  Session *session, ExecOutcome *ret, Error *reterr);
