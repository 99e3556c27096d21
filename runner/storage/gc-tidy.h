/* SPDX-License-Identifier: MIT */
#pragma once

/* A project that is there: what has crashed in it is put away. */

#include "storage/gc-project.h"

/* What is in it, where it belongs to the user who asks. With --dry-run it is only said. */
int gc_project_tidy(GcProject *p, const char *root, Error *reterr);
