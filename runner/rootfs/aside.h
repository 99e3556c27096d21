/* SPDX-License-Identifier: MIT */
#pragma once

/* A directory that is complete or not there at all: it is filled under another name, which a killed command
 * may leave and the next one removes, and then renamed. */

#include "base/error.h"

/**
 * aside_make() - an empty directory that only root can enter
 * @dir_fd: where; another user may own it
 * @name: what an earlier one left of that name is removed
 *
 * Return: an fd for reading. FC_EXIT_CONFLICT when it was exchanged meanwhile.
 */
int aside_make(int dir_fd, const char *name, Error *reterr);
