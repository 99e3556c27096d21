/* SPDX-License-Identifier: MIT */
#pragma once

/* Which change of a running container is one of its NixOS system alone, so that the system can be switched
 * in place: by its own switch-to-configuration, without a restart. Pure; what the two systems themselves say
 * to that is looked at in drift/switch-check.h. */

#include "plan/plan.h"

/* Whether both are NixOS systems, and not the same. @running: the definition of what runs. */
bool switch_is_another_system(const ContainerPlan *p, char *const *running);

/* Why that needs a restart, in the words of the specification; owned by the caller, NULL: it does not.
 * @running: without what is changed in place before (in_place_adjusted()) */
char *switch_describe_obstacle(const ContainerPlan *p, char *const *running);

/**
 * switch_find_inhibitor() - what keeps one NixOS system from being switched to another
 * @before, @after: what `switch-inhibitors` of the two has, made of the option system.switch.inhibitors
 *   (NixOS since 26.05): an object of strings, of which those that both have must be the same
 *
 * Return: the key of one that is not, owned by the caller. NULL: there is none, or they cannot be read, and
 * then switch-to-configuration says so itself.
 */
char *switch_find_inhibitor(const char *before, const char *after);
