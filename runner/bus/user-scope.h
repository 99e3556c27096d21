/* SPDX-License-Identifier: MIT */
#pragma once

/* The scope of a user's own systemd in which all that they run without root is: a unit whose control group
 * is theirs to divide. It is there from the first command until the last container has ended, in whichever
 * session either was started. */

#include "base/error.h"

#define USER_SCOPE "flake-containers.scope"

/* The manager's own socket: the user may have no message bus. Return: an fd, -ENOENT: there is no
 * manager. */
int user_scope_connect(const char *runtime);

/* Whether the user has a systemd that could be asked for it. */
bool user_scope_is_possible(const char *runtime);

/**
 * user_scope_enter() - move the calling process there
 * @runtime: $XDG_RUNTIME_DIR
 *
 * Return: 1 it is there, 0 the user has no systemd.
 */
int user_scope_enter(const char *runtime, Error *reterr);
