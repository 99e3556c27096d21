/* SPDX-License-Identifier: MIT */
#pragma once

/* Starting a program in a container that has no manager to ask: namespaces, cgroup, credentials,
 * terminal. */

#include "enter/session.h"

/**
 * direct_child_start() - fork, enter, execute
 * @ret_pid: our child; leader of a session and process group of its own
 * @ret_pidfd: of the same
 *
 * Returns when the program runs, or with the reason why it does not: FC_EXIT_NOT_FOUND,
 * FC_EXIT_NOT_EXECUTABLE, FC_EXIT_NOT_RUNNING, else FC_EXIT_EXEC_OWN.
 */
int direct_child_start(const ExecRequest *request, const EnterTarget *target, const Command *command,
                       Session *session, pid_t *ret_pid, int *ret_pidfd, Error *reterr);
