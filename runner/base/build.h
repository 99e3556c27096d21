/* SPDX-License-Identifier: MIT */
#pragma once

/* What this very program was made of. */

/* The commit, followed by "-dirty" where files have been changed since; empty where that is not known.
 * Written at each build, by cmake/revision.cmake. */
extern const char build_revision[];

/* The id that the linker has derived from what the program consists of, in hexadecimal, NULL where there is
 * none. Debuggers find symbols by it. Owned by the caller. */
char *build_id(void);
