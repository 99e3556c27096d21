/* SPDX-License-Identifier: MIT */
#pragma once

/* `history` and `rollback`: the systems that a container became ready with (state/generations.h). */

#include "context/project.h"

/* Prints them, the newest first. */
int history_print(const Project *project, const char *name, Error *reterr);

/**
 * rollback_prepare() - put an earlier system into the project's specification
 * @project: with the specification, which is changed in memory only
 * @to: its number; NULL: the one before that which runs, or ran last, or where that was never ready, the
 * last that was
 * @ret_number: which it is
 *
 * All else is as it is specified. FC_EXIT_USAGE for one that is not there, FC_EXIT_CONFLICT where the
 * container has none that it could be started with.
 */
int rollback_prepare(Project *project, const char *name, const char *to, unsigned *ret_number,
                     Error *reterr);
