/* SPDX-License-Identifier: MIT */
#pragma once

/* The variables by which programs of the developer find what runs. */

#include "context/project.h"
#include "state/state.h"

/**
 * connection_variables() - those of one container that runs. Pure.
 * @spec: NULL: its specification is not known, so neither are its exports
 * @found, @exported: get what every container has, and what its specification declares, NAME=VALUE
 */
void connection_variables(const char *name, const ContainerSpec *spec, const ContainerState *state,
                          char ***found, char ***exported);

/* Whether connection_variables() can give a variable of this name to a container of this specification, for
 * what another machine tells: programs here take other names for commands. Pure. */
bool connection_knows(const Spec *spec, const char *name);

/**
 * connection_gather() - those of several, from what runs
 * @names: of the project's containers
 * @all: leave out what does not run, which is an error otherwise
 * @ret: NAME=VALUE, each name once; owned by the caller
 *
 * What the specification declares counts more. Asks neither root nor a guest for anything.
 */
int connection_gather(Project *project, char *const *names, bool all, char ***ret, Error *reterr);
