/* SPDX-License-Identifier: MIT */
#pragma once

/* What `doctor` finds: what the host and the project have that containers need. */

#include "ops/findings.h"
#include "ops/project.h"

/**
 * doctor_examine() - make all checks
 * @tool: by which a command without root becomes root; NULL: @no_tool says why there is none, and is taken
 * over
 *
 * A project that cannot be opened is a finding, too.
 */
int doctor_examine(const ProjectRequest *request, const char *tool, Error *no_tool, Findings *ret,
                   Error *reterr);
