/* SPDX-License-Identifier: MIT */
#pragma once

/* A command of the developer's, on the host, in the foreground: it has our terminal, standard streams,
 * directory and process group, and is the developer's whoever we are. */

#include "base/error.h"
#include "base/strv.h"

/**
 * outer_command_run() - run it to its end
 * @variables: NAME=VALUE, set in its environment
 *
 * Its environment is ours; where the developer has become root by sudo before, it is what that has left of
 * it, with the developer's home and name. Ctrl-C reaches it from the terminal, and is not for us. SIGTERM
 * and SIGHUP, and an interrupt that was sent to us alone, are passed on, a second one of them as SIGKILL.
 * When we are killed it gets SIGTERM.
 *
 * Return: its exit status, 128 + N when signal N has ended it, 126 and 127 when it cannot be executed, as a
 * shell has them; or a negative errno.
 */
int outer_command_run(char *const *argv, char *const *variables, Error *reterr);
