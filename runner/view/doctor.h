/* SPDX-License-Identifier: MIT */
#pragma once

/* What `doctor` finds: what the host and the project have that containers need. */

#include "context/project.h"
#include "view/findings.h"

/* How a command of the one who asks would go on. */
typedef struct DoctorWay {
        bool rootless;
        const char *tool; /* by which a command becomes root otherwise; NULL: none */
        Error *no_tool;   /* why; taken over */
} DoctorWay;

/**
 * doctor_examine() - make all checks
 *
 * A project that cannot be opened is a finding, too.
 */
int doctor_examine(const ProjectRequest *request, const DoctorWay *way, Findings *ret, Error *reterr);
