/* SPDX-License-Identifier: MIT */
#pragma once

/* The key "environment": variables of a container. */

#include "spec/key.h"

extern const SpecKey environment_key;
extern const JsonShape variable_name_shape;

/* FC_EXIT_USAGE unless it can name a variable of a shell. */
int env_check_name(const char *name, Error *reterr);

/* The same, and unless systemd-nspawn sets it itself. */
int env_check_own_name(const char *name, Error *reterr);

/* FC_EXIT_USAGE for a variable that systemd sets for services. */
int env_check_name_of_services(const char *name, Error *reterr);

/* FC_EXIT_USAGE when systemd-nspawn would refuse the variable (see env_value_is_valid() of systemd: control
 * characters other than tab and newline, invalid UTF-8, too long), or sets it itself. */
int env_check(const char *name, const char *value, Error *reterr);

/* The same but for that: any variable that a program can have. */
int env_check_text(const char *name, const char *value, Error *reterr);

/* NAME=VALUE each, as an object. */
Json *env_print(char *const *variables);
