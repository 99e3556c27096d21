/* SPDX-License-Identifier: MIT */
#pragma once

/* The resources of a plan as settings of cgroup version 2, for the supervisor's machines; a host's systemd
 * is told the properties themselves. A setting is "FILE=VALUE", e.g. "memory.max=536870912". */

#include "plan/plan.h"

/* @memory: the machine's, in bytes, for percentages. Return: owned by the caller, NULL when there are
 * none. */
char **limits_settings(const Resource *resources, size_t n, uint64_t memory);

/* Has the tree at @mount the controllers for them? FC_EXIT_HOST naming @place and what to do. Nothing is
 * changed. */
int limits_require(const char *mount, const Resource *resources, size_t n, const char *place, Error *reterr);

/* Turns the controllers on along the way down to the machine's nspawn/, whose cgroup is there. */
int limits_enable(const char *mount, const char *machine, const Resource *resources, size_t n,
                  Error *reterr);
