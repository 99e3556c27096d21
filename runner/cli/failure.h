/* SPDX-License-Identifier: MIT */
#pragma once

/* Why a container is not ready: what failed, what it said itself, what to type next. */

#include "cli/fleet.h"

/* Fills @reterr from the outcome of waiting. @leader: 0 when it has gone. */
void failure_explain(const Member *m, const ReadyResult *result, Error *reterr);
