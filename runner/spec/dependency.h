/* SPDX-License-Identifier: MIT */
#pragma once

/* The key "dependsOn": which containers must have come how far before one is started. */

#include "spec/key.h"

/* Whether there are such containers, dependencies_check() finds out. */
extern const SpecKey depends_on_key;

const char *dependency_need_to_string(DependencyNeed need);

/* FC_EXIT_USAGE for strangers, cycles ("a -> b -> a"), and needs that the other can never meet. */
int dependencies_check(const Spec *spec, Error *reterr);

/**
 * dependencies_order() - containers with all that they depend on
 * @names: of containers of the specification; each follows what it depends on, and else they stay in order
 *
 * Return: without duplicates, owned by the caller. @spec has passed dependencies_check().
 */
char **dependencies_order(const Spec *spec, char *const *names);

/* Whether @c waits for @name, directly. */
bool depends_on(const ContainerSpec *c, const char *name);

/* Whether that takes more than its start. */
bool depends_on_ready(const ContainerSpec *c, const char *name);
