/* SPDX-License-Identifier: MIT */
#pragma once

/* Which change of a running container is one of its published ports, which its keeper opens and closes while
 * it runs, and of its limits alone, so that it needs no restart. Pure. */

#include "plan/plan.h"

/* A line of the definition of what runs, from before the first of its ports is changed until all have been.
 * A command that was killed in between has left ports that no state tells: the next one restarts it. */
#define IN_PLACE_UNFINISHED "ports half changed"

/* Likewise of its limits: the next command sets all of them anew. */
#define IN_PLACE_LIMITS_UNFINISHED "resources half changed"

/* Whether the definitions differ in limits and in such ports, and in nothing else. Not in those that a
 * keeper cannot change: a port of the host that leads elsewhere, a UDP port that goes, an "auto" port that
 * goes and whose port inside one has that stays, the PROXY protocol. @running: what runs was started with
 * it. */
bool in_place_suffices(const ContainerPlan *p, char *const *running);

/* What the definition of what runs becomes by such changes alone: with the plan's limits, and the plan's
 * ports where a keeper can take all of them. Owned by the caller. */
char **in_place_adjusted(const ContainerPlan *p, char *const *running);

/* Whether what runs was started with this port, or has taken it since. */
bool in_place_has_port(char *const *running, const Port *port);

/* The ports that it has, and is no longer to have. An "auto" one comes after the others, when what is left
 * with its port inside can only be it. @ret: owned by the caller, freed by in_place_ports_free(). */
void in_place_ports_gone(const ContainerPlan *p, char *const *running, Port **ret, size_t *ret_n);
void in_place_ports_free(Port *ports, size_t n);

/* Takes it out of that definition, of which the others remain. */
void in_place_forget_port(char ***running, const Port *port);

/* Whether it runs with other limits, or may. */
bool in_place_limits_differ(const ContainerPlan *p, char *const *running);

/* Those that it runs with; @ret: owned by the caller, freed by in_place_limits_free(). */
void in_place_limits(char *const *running, Resource **ret, size_t *ret_n);
void in_place_limits_free(Resource *limits, size_t n);
