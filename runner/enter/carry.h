/* SPDX-License-Identifier: MIT */
#pragma once

/* Commands that D-Bus and systemd cannot carry: arguments that are not UTF-8, values of variables with
 * control characters, variables that EnvironmentFile= of the unit would replace. They are wrapped into a
 * command that can be carried and turns into them in the container. Pure. */

#include "base/error.h"

/* Whether D-Bus carries it: valid UTF-8 without the code points that sd-bus refuses. */
bool carry_argument_is_plain(const char *s);

/* Whether systemd takes it as an assignment, too: no control characters besides tab and newline. */
bool carry_assignment_is_plain(const char *s);

/* Whether it is, and is not one of the names that the guest's systemd gives other values. */
bool carry_assignment_holds(const char *s, char *const *outweighed);

/**
 * carry_wrap() - hand over a command through a shell's printf
 * @path: what is executed, as argv[0] as well
 * @argv: its arguments begin at argv[1]
 * @environment: variables that are not plain leave it, and those that are @outweighed; they are exported by
 * the wrapper instead
 *
 * Return: the arguments, argv[0] included, for /bin/sh; owned by the caller.
 */
char **carry_wrap(const char *path, char *const *argv, char ***environment, char *const *outweighed);
