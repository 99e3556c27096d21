/* SPDX-License-Identifier: MIT */
#pragma once

/* A member whose published ports alone have changed: its keeper opens and closes them while it runs. What
 * was published with `publish` stays. */

#include "net/port-conflicts.h"
#include "ops/fleet-member.h"

/* Binds those that it is to have as well. Nothing that runs is changed. */
int member_bind_more_ports(Member *m, PortConflicts *conflicts, Error *reterr);

/* Its ports and its state become what the plan says. When that fails it has the ports that it had, but for
 * those that the error names; its state says so, and the next `up` begins again. */
int member_adjust(Member *m, Error *reterr);
