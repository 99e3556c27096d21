/* SPDX-License-Identifier: MIT */
#pragma once

/* The environment of a program that is started in a container. Pure. */

#include "base/error.h"
#include "enter/account.h"

/* The value of a variable, borrowed, or NULL. */
const char *environment_get(char *const *environment, const char *name);

/* Sets "NAME=VALUE", replacing an earlier value. */
void environment_set(char ***environment, const char *assignment);

/**
 * environment_for() - what a login of that user would have, and the caller's own on top
 * @inherited: what the container gives every process, below all else except that its PATH is kept; NULL:
 *             the guest's manager adds it
 * @nixos: the container has a NixOS system profile, whose programs lie elsewhere
 * @terminal: there is one; then TERM and COLORTERM of @own are passed on
 * @own: this process's environment
 * @extra: K=V
 *
 * Nothing else of this process's environment goes in: it describes the host. LANG is the container's
 * business.
 */
char **environment_for(char *const *inherited, const Account *account, bool nixos, bool terminal,
                       char *const *own, char *const *extra);

/* Names that cannot be a shell variable are refused, for systemd refuses them: FC_EXIT_USAGE. */
int environment_check(char *const *extra, Error *reterr);
