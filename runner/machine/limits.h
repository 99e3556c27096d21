/* SPDX-License-Identifier: MIT */
#pragma once

/* The limits of a container as settings of cgroup version 2, for the supervisor's machines, and as
 * properties of a unit, which a host's systemd is told. A setting is "FILE=VALUE", e.g.
 * "memory.max=536870912". */

#include "bus/host-unit.h"
#include "plan/plan.h"

/* In bytes. */
uint64_t limits_machine_memory(void);

/* @memory: that, for percentages. Return: owned by the caller, NULL when there are none. */
char **limits_settings(const Resource *resources, size_t n, uint64_t memory);

/* What lifts all other limits. Likewise. */
char **limits_others(const Resource *resources, size_t n);

/* All of both, in the order of kinds. In bytes, where systemd would take a percentage as well: of two
 * spellings of a setting that a unit got while it ran, a reload of systemd would take the wrong one. */
void limits_properties(const Resource *resources, size_t n, uint64_t memory,
                       HostUnitLimit ret[_RESOURCE_KIND_MAX]);

/* Has the tree at @mount the controllers for them? FC_EXIT_HOST naming @place and what to do. Nothing is
 * changed. */
int limits_require(const char *mount, const Resource *resources, size_t n, const char *place, Error *reterr);

/* Turns the controllers on along the way down to the machine's nspawn/, whose cgroup is there. */
int limits_enable(const char *mount, const char *machine, const Resource *resources, size_t n,
                  Error *reterr);
