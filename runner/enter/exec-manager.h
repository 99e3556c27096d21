/* SPDX-License-Identifier: MIT */
#pragma once

/* A command in a guest with systemd: a transient service of the guest's manager. */

#include "bus/guest-bus.h"
#include "enter/command.h"
#include "enter/exec-outcome.h"
#include "enter/session.h"

/* Takes over `*bus`, which is unset afterwards. The command must be carriable. */
int exec_by_manager(const ExecRequest *request, const EnterTarget *target, const Command *command,
                    GuestBus **bus, Session *session, ExecOutcome *ret, Error *reterr);
