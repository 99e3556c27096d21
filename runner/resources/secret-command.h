/* SPDX-License-Identifier: MIT */
#pragma once

/* Commands on the host, as a user: one whose output is a secret, and one that is only run. */

#include "resources/secret.h"

/* Runs it as the user who asked, in the root of the project, with @environment, without a terminal and with
 * nothing to read, for at most @timeout_usec. What it writes is taken byte for byte; its errors are shown
 * when it fails. What it leaves running in its process group is ended. */
int secret_run(const Project *project, char *const *command, char *const *environment, uint64_t timeout_usec,
               Secret *ret, Error *reterr);

/* Likewise as @user; what it writes to either stream is shown when it fails. */
int host_command_run(const Project *project, const InvokingUser *user, char *const *command,
                     char *const *environment, uint64_t timeout_usec, Error *reterr);
