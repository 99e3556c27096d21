/* SPDX-License-Identifier: MIT */
#pragma once

/* Gathers what a container that did not become ready has said: its units in the journal, its console. */

#include "fleet/fleet-member.h"

/* Fills @reterr from the outcome of waiting. */
void failure_explain(const Member *m, const ReadyResult *result, Error *reterr);

/* Likewise from that of its new system's program. */
void failure_explain_switch(const Member *m, const SwitchResult *result, Error *reterr);

/* Likewise from that of its seed. */
void failure_explain_seed(const Member *m, const SeedResult *result, Error *reterr);
