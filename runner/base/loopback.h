/* SPDX-License-Identifier: MIT */
#pragma once

/* The loopback interface of the network namespace that this process is in. */

#include "base/error.h"

int loopback_set_up(Error *reterr);
