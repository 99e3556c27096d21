/* SPDX-License-Identifier: MIT */
#pragma once

/* Ports of a container that are published while it runs, until it ends: `publish` and `unpublish`. */

#include "context/project.h"

/**
 * publish_ports() - publish ports of a container that runs
 * @texts: as in the specification (spec/port.h)
 *
 * All of them or none. FC_EXIT_CONFLICT where one is taken, as of `up`; FC_EXIT_NOT_RUNNING.
 */
int publish_ports(const Project *project, const char *container, char *const *texts, Error *reterr);

/* Takes such ports back, "8080" or "8080/udp" of the host; those of the specification are refused. What uses
 * one goes on. */
int unpublish_ports(const Project *project, const char *container, char *const *texts, Error *reterr);
