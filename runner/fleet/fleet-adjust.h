/* SPDX-License-Identifier: MIT */
#pragma once

/* A member whose published ports and limits have changed, and nothing else but its NixOS system, which gets
 * them while it runs. What was published with `publish` stays. */

#include "fleet/fleet-member.h"
#include "net/port-conflicts.h"

/* Binds ports that it is to have as well, and refuses limits that the host cannot set. Nothing that runs is
 * changed. Like the next one, it does nothing for a switch that has neither. */
int member_prepare_adjust(Member *m, PortConflicts *conflicts, Error *reterr);

/* Its ports, its limits and its state become what the plan says, but for another system. When that fails it
 * has those that it had, but for ports that the error names; its state says so, and the next `up` begins
 * again. */
int member_adjust(Member *m, Error *reterr);
