/* SPDX-License-Identifier: MIT */
#pragma once

/* The key "devices", and one device node that a container gets: the path on the host, which is the path
 * inside too, and what may be done with it. All mistakes are FC_EXIT_USAGE. */

#include "spec/key.h"

extern const SpecKey devices_key;

#define DEVICE_DEFAULT_PERMISSIONS "rw"

/* A path below /dev that is not one of those that systemd-nspawn gives every container. */
int device_check_path(const char *path, Error *reterr);

/* "r" read, "w" write, "m" mknod, each at most once and one of the first two, in any order. @ret: in this
 * order; owned by the caller. */
int device_parse_permissions(const char *text, char **ret, Error *reterr);
