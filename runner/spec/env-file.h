/* SPDX-License-Identifier: MIT */
#pragma once

/* The keys "envFile" and "environmentUnits", and the text of such a file, whose values are secrets: no
 * message shows any of it but the names that are valid. */

#include "spec/key.h"

extern const SpecKey env_file_key;
extern const SpecKey environment_units_key;

#define ENV_FILE_SIZE_MAX (1024 * 1024)

/**
 * env_file_parse() - NAME=VALUE, one a line, as far as systemd's EnvironmentFile= and docker compose agree
 * @services: the variables are for services of a systemd, which sets some itself
 * @ret: "NAME=VALUE" in the order of the file; strv_free_secret() is the caller's to call
 *
 * FC_EXIT_USAGE with the line's number for what the two, or a shell, would read in another way, and for a
 * variable that is given twice.
 */
int env_file_parse(const char *text, size_t size, bool services, char ***ret, Error *reterr);
