/* SPDX-License-Identifier: MIT */
#pragma once

/* Why a container is not ready: what failed, what it said itself, what to type next. */

#include "bus/guest-failed.h"
#include "ops/fleet-member.h"

/* "web.service failed: exit status 1, 2 restarts"; owned by the caller. */
char *failure_describe_unit(const FailedUnit *u);

/* Fills @reterr from the outcome of waiting. */
void failure_explain(const Member *m, const ReadyResult *result, Error *reterr);
