/* SPDX-License-Identifier: MIT */
#pragma once

/* Completion scripts for shells, made of the tables of verbs and options. */

#include "base/error.h"

/* @shell: bash, zsh or fish; FC_EXIT_USAGE for any other. *ret_script is owned by the caller. */
int completion_make(const char *shell, char **ret_script, Error *reterr);
