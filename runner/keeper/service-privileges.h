/* SPDX-License-Identifier: MIT */
#pragma once

/* What a process that serves ports of a unit may do. */

#include "keeper/options.h"

/* It and what it starts keep only what that needs. */
int service_give_up_privileges(const KeeperOptions *o, Error *reterr);
