/* SPDX-License-Identifier: MIT */
#pragma once

/* The limits of a machine that has a supervisor, as settings of its nspawn's cgroup: a record in the
 * container's directory in /run, which commands write and the supervisor reads at each boot of the guest,
 * since that cgroup is made anew then. A setting is "FILE=VALUE", a line each. */

#include "base/error.h"

/* @settings: NULL: there are none. */
int limit_record_write(int runtime_fd, char *const *settings, Error *reterr);

/* @ret: owned by the caller; without a record NULL. */
int limit_record_read(int runtime_fd, char ***ret, Error *reterr);

/* Return: false when it is damaged. Pure. */
bool limit_record_parse(const char *text, char ***ret);
