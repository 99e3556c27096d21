/* SPDX-License-Identifier: MIT */
#pragma once

/* `up --publish`: ports that the specification does not have. */

#include "context/project.h"

/**
 * once_ports_add() - add published ports to containers as this command sees them
 * @names: those that the user has typed
 * @started: all that the command is about
 * @ports: "NAME:[ADDRESS:]HOST:CONTAINER[/udp]"; without NAME where the user has typed one
 *
 * The specification that the next command reads does not have them.
 */
int once_ports_add(Project *project, char *const *names, char *const *started, char *const *ports,
                   Error *reterr);
