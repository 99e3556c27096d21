/* SPDX-License-Identifier: MIT */
#pragma once

/* `--dry-run`: what a verb would do, and why, as text or JSON on stdout. Changes nothing, creates
 * nothing. */

#include "context/project.h"
#include "drift/decide.h"

/* `up` and `restart`; as fleet_bring_up(). @orphans: are removed before */
int dry_run_up(Project *project, char *const *names, char *const *asked, const DecideHow *how, bool no_wait,
               char *const *orphans, Error *reterr);
/* One word about each. */
int dry_run_say(const Project *project, char *const *names, const char *action);
/* @kills: also what other work trees use */
int dry_run_down(const Project *project, char *const *names, bool kills, Error *reterr);
