/* SPDX-License-Identifier: MIT */
#pragma once

#include "base/error.h"

/* The absolute path of one of our own helper programs, found from where this program itself lies: the build
 * tree or PREFIX/libexec/flake-containers beside PREFIX/bin. Never from the environment: root runs it.
 * Return 0; *ret is owned by the caller. */
int libexec_find(const char *program, char **ret, Error *reterr);
