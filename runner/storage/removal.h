/* SPDX-License-Identifier: MIT */
#pragma once

/* Removes what has been planned (storage/removal-plan.h), under the containers' locks and while none of them
 * runs. Each tree goes by one rename (state/trash.h), so a command that is killed leaves each as it was, or
 * gone; the next one removes what is left of it. */

#include "storage/removal-plan.h"

/* Refuses with FC_EXIT_CONFLICT when one of the containers runs, also by another path of the project. */
int removal_refuse_running(const Removal *removal, Error *reterr);

/* The containers' locks are held. Refuses what other work trees use, what is not any more as it was planned,
 * what runs, fresh instances when they would go with it, and what something is mounted in, before it changes
 * anything. */
int removal_apply(const Removal *removal, Progress *progress, Error *reterr);

/* removal_apply() by a command that holds no lock yet. Return: the exit status, or a negative errno. */
int removal_run(const Removal *removal, const char *verb, Error *reterr);

/* What a restore has put aside, or a command that was killed has left half removed in the project; missing
 * is success. @wait: until it is gone; otherwise it goes behind this command, see trash_empty_behind(). */
int removal_finish(const Project *project, bool wait, Error *reterr);
