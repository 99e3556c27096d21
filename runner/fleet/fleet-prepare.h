/* SPDX-License-Identifier: MIT */
#pragma once

/* The fleet's second part: the plans of its members, what each is going to become, and all that their starts
 * need, up to the start itself. What is refused here has stopped nothing. */

#include "fleet/fleet-member.h"

/* Loads what is remembered of each container, plans its start, and decides. Needs the specification.
 * @asked: the containers that the user has asked for; @restart: also what runs as it should */
int fleet_plan(Fleet *fleet, char *const *asked, bool restart, Error *reterr);

/* The same for a change of what they keep (fleet_change()): what runs is going to be started again. */
int fleet_plan_change(Fleet *fleet, Error *reterr);

/* Loads what is remembered of a container that is only to be stopped, so that its end can be remembered too.
 * A damaged state is noted and left alone: it must not keep anything from being stopped. What runs under
 * another id is refused. */
int member_recall(Member *m, Error *reterr);

/* Opens what the members that are to start need, and mends the network of those that are kept. */
int fleet_prepare(Fleet *fleet, Error *reterr);

/* Starts a member, with what has been prepared and what could not be before its turn. @ret_control_fd: as in
 * machine_start(). */
int member_try_start(Member *m, int *ret_control_fd, Error *reterr);
