/* SPDX-License-Identifier: MIT */
#pragma once

/* The unit of a machine on a host that systemd manages: its name and its control group,
 *
 *     <cgroup2 mount>/machine.slice/<unit>/supervisor   systemd-nspawn
 *     <cgroup2 mount>/machine.slice/<unit>/payload      the guest
 *     <cgroup2 mount>/machine.slice/<unit>/proxies      what serves its ports; in published/ below it is
 *                                                       `service publish` with its own
 *
 * Beside it there are two more for what keeps the console's log within its size (service-console.h). */

#include "base/error.h"

#define MACHINE_UNIT_SLICE     "machine.slice"
#define MACHINE_UNIT_PREFIX    "flake-containers-"
#define MACHINE_UNIT_SUFFIX    ".service"
#define MACHINE_UNIT_PROXIES   "proxies"
#define MACHINE_UNIT_PUBLISHED MACHINE_UNIT_PROXIES "/published"

/* In the container's directory in /run: a link to the console's log. */
#define MACHINE_UNIT_CONSOLE_LINK "console"

/* Owned by the caller. */
char *machine_unit_name(const char *machine);

/* For those of the console, without suffix, each time another; owned by the caller. */
char *machine_unit_console_name(const char *machine);

/* Below the cgroup2 mount; owned by the caller. */
char *machine_unit_cgroup_path(const char *machine);

/* The unit's cgroup directory, or `*ret_fd = -EBADF` when there is none. */
int machine_unit_cgroup_open(const char *mount, const char *machine, int *ret_fd, Error *reterr);

/* The machine of a unit's name; owned by the caller, NULL when it is another's. */
char *machine_unit_to_machine(const char *name);
