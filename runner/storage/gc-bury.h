/* SPDX-License-Identifier: MIT */
#pragma once

/* A project that is gone: all that it has on the machine goes. */

#include "storage/gc-project.h"

/* Whether it is gone or not: what runs is killed. Where a command holds one of its locks for too long
 * nothing is removed, and that is noted. With --dry-run it is only said. */
int gc_project_bury(GcProject *p, Error *reterr);
