/* SPDX-License-Identifier: MIT */
#pragma once

/* Directories of `.containers` in which root works on what lies there without distrust. */

#include "base/error.h"

/* FC_EXIT_CONFLICT unless it is root's (or ours, where we are not root) and no other user can write to it,
 * who could exchange what is in it meanwhile. @name: below `.containers`, for the message. */
int own_dir_check(int fd, const char *name, Error *reterr);
