/* SPDX-License-Identifier: MIT */
#pragma once

/* Readiness as a command inside, for engines that ask by one. It needs a shell there; for `tcp` and `http`
 * bash(1), which alone can connect without another program. Pure. */

#include "spec/spec.h"

/* What a shell is to execute, which ends with 0 as soon as all of `ready` holds, in its order; owned by the
 * caller. NULL: there is nothing to ask. That a command says itself when it is ready is not in it. */
char *probe_script(const ContainerSpec *c);
