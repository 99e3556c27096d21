/* SPDX-License-Identifier: MIT */
#pragma once

/* What checkouts that were deleted, and commands and containers that were killed, have left on the machine:
 * machines, bridges, directories in /run, trees half removed, links of Nix's garbage collector. Nothing is
 * remembered for it; all is found by looking, so that a run that is killed is only a beginning of the next.
 *
 * Of a project whose directory is gone all goes, what runs included. One that is there, wherever it was
 * moved to, keeps what runs; what has crashed in it is put away where the project belongs to the user who
 * asks. No command is disturbed: where one holds a lock of the project, that project is left alone, and
 * named. */

#include "context/gc-finds.h"

/* @root: of a project that is looked at as well; NULL: that of the current directory, if there is one.
 * Return: the exit status, with what went wrong printed and the rest done; or a negative errno. */
int gc_run(Gc *gc, const char *root, Error *reterr);
