/* SPDX-License-Identifier: MIT */
#pragma once

/* The command line of systemd-nspawn(1); everything that has to be escaped for it is escaped here. */

#include "plan/plan.h"

/* Inside: nspawn mounts a tmpfs on /run, and no root file system uses this name for anything else. */
#define GATE_PROGRAM "/run/flake-containers/gate"
#define GATE_FIFO    "/run/flake-containers/fifo"

/* What a command notifies, where it is waited for that. */
#define COMMAND_NOTIFY "/run/flake-containers/notify"

/* Stands before the place of a file with variables, NUL after each. */
#define GATE_ENVIRONMENT "--environment"

/* Where NixOS's activation puts a link to it. */
#define CURRENT_SYSTEM "/run/current-system"

/* What leads to the init of such a system: a link in the root, since the system that a guest boots again by
 * itself may be another one than it was started with (fleet/fleet-switch.h). */
#define SYSTEM_INIT "/init"

/* @p: filled in but for argv and definition. Return: owned by the caller. */
char **nspawn_argv(const ContainerPlan *p, const char *nspawn);
