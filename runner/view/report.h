/* SPDX-License-Identifier: MIT */
#pragma once

/* `doctor --report`: what a bug report should have, and nothing that is a secret. Of a specification's texts
 * it shows those that are known to be harmless; a key that is not known here is hidden. */

#include "context/project.h"
#include "view/findings.h"

/* What doctor has found, the specification and the last events, as text for people. @version: the program's.
 * The user's home is "~" in all of it. */
int report_print(const ProjectRequest *request, const Findings *findings, const char *version,
                 Error *reterr);
