/* SPDX-License-Identifier: MIT */
#pragma once

/* The command line of systemd-nspawn(1); everything that has to be escaped for it is escaped here. */

#include "plan/plan.h"

/* @p: filled in but for argv and definition. Return: owned by the caller. */
char **nspawn_argv(const ContainerPlan *p, const ContainerSpec *c, const char *nspawn);
