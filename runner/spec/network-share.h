/* SPDX-License-Identifier: MIT */
#pragma once

/* Containers that share another one's network (`network.mode` "container"): what both must agree with. */

#include "spec/spec.h"

/**
 * network_share_check() - whether each of them can have the network that it names
 *
 * FC_EXIT_USAGE for strangers, for networks that no container of the project owns, and for owners that end
 * by themselves. Adds what is implied to @spec: such a container waits until the owner is ready, unless its
 * `dependsOn` says how far that must have come. Before dependencies_check().
 */
int network_share_check(Spec *spec, Error *reterr);

/* Adds to names, also of containers that @spec lacks, those that share the network of one of them. None of
 * these owns one itself. */
void network_share_add(const Spec *spec, char ***names);

/**
 * network_share_follow() - containers and those that share the network of one of them
 * @names: of @spec, in any order
 *
 * An owner that begins anew takes them along. Return: in the order of dependencies, owned by the caller.
 */
char **network_share_follow(const Spec *spec, char *const *names);
