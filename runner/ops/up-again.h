/* SPDX-License-Identifier: MIT */
#pragma once

/* `up` now, and again whenever the flake or the specification changes, until an interrupt. Each is a process
 * of its own, which becomes root by itself; this one stays the user's. */

#include "context/project.h"

/* @names, @profiles: what is given to each. Return: the exit status, or a negative errno; that an `up` has
 * failed is only told. */
int up_again(const ProjectRequest *request, char *const *names, char *const *profiles, Error *reterr);
