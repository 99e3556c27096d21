/* SPDX-License-Identifier: MIT */
#pragma once

/* `--dry-run`: what a verb would do, and why, as text or JSON on stdout. Changes nothing, creates nothing.
 */

#include "ops/project.h"

/* @names: @asked, and what these depend on, in the order of dependencies. */
int plan_show(const Project *project, char *const *names, char *const *asked, Error *reterr);
int plan_show_restart(const Project *project, char *const *names, Error *reterr);
int plan_show_down(const Project *project, char *const *names, Error *reterr);
