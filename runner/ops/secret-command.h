/* SPDX-License-Identifier: MIT */
#pragma once

/* A command whose output is a secret. */

#include "ops/secret.h"

/* Runs it as the user who asked, in the root of the project, with @environment, without a terminal and with
 * nothing to read, for at most @timeout_usec. What it writes is taken byte for byte; its errors are shown
 * when it fails. What it leaves running in its process group is ended. */
int secret_run(const Project *project, char *const *command, char *const *environment, uint64_t timeout_usec,
               Secret *ret, Error *reterr);
