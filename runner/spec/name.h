/* SPDX-License-Identifier: MIT */
#pragma once

/* Names of containers, projects and named volumes. They become host names, parts of machine names and of
 * interface names, names of directories and of commands (`NAME-up`), so only what is safe in all of these is
 * allowed: a label of RFC 1123 in lower case. */

#include "base/json-shape.h"

#define NAME_LENGTH_MAX 63

extern const JsonShape name_shape, container_name_shape, unit_name_shape;

/* @what: what is named, for the message ("container"). FC_EXIT_USAGE when the name is not allowed. */
int name_check(const char *name, const char *what, Error *reterr);

/* The name of a container, which must also not be that of a directory that .containers has beside theirs. */
int name_check_container(const char *name, Error *reterr);

/* The whole name of a systemd unit with its type, "redis.service", "getty@tty1.service"; neither a template
 * nor a pattern. FC_EXIT_USAGE otherwise. */
int unit_name_check(const char *name, Error *reterr);
