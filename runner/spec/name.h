/* SPDX-License-Identifier: MIT */
#pragma once

/* Names of containers, projects and named volumes. They become host names, parts of machine names and of
 * interface names, names of directories and of commands (`NAME-up`), so only what is safe in all of these is
 * allowed: a label of RFC 1123 in lower case. */

#include "base/error.h"

#define NAME_LENGTH_MAX 63

/* @what: what is named, for the message ("container"). FC_EXIT_USAGE when the name is not allowed. */
int name_check(const char *name, const char *what, Error *reterr);
