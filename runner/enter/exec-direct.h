/* SPDX-License-Identifier: MIT */
#pragma once

/* A command in a container without systemd: a process put into the container's namespaces and cgroup. */

#include "enter/command.h"
#include "enter/exec-outcome.h"
#include "enter/session.h"

int exec_directly(const ExecRequest *request, const EnterTarget *target, const Command *command,
                  Session *session, ExecOutcome *ret, Error *reterr);
