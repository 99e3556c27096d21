/* SPDX-License-Identifier: MIT */
#pragma once

/* The names that everything of a project goes by on the host. Pure: the same path gives the same names on
 * every machine and at every time. Which id a project has, that of its path or one that it had before, is
 * decided by context/identify.h. */

#include "base/macro.h"

#define IDENTITY_ID_MAX      25 /* 20 characters of the directory's name, '-', 4 digits */
#define IDENTITY_MACHINE_MAX 64 /* HOST_NAME_MAX: what systemd takes as a machine name */

/**
 * identity_project_id() - "shop-3f2a" for a project below .../shop
 * @real_path: the project root as realpath(3) gives it; any bytes
 * @attempt: 0; others are for a path whose id is another project's
 *
 * The directory's name in lower case, with '-' for each character that is not an ASCII letter or digit, and
 * four hexadecimal digits of the whole path's hash, so that two checkouts of one name differ. Two paths may
 * still get the same id: runtime_dir_claim() notices.
 *
 * Return: owned by the caller; at most IDENTITY_ID_MAX characters, a valid host name label.
 */
char *identity_project_id(const char *real_path, unsigned attempt);

/* Is `id` one that identity_project_id() may have given? For ids that come from outside, such as a cgroup's
 * name. */
bool identity_id_is_valid(const char *id);

/**
 * identity_machine_name() - "shop-3f2a-db"
 * @container: a host name label
 *
 * Where that is longer than IDENTITY_MACHINE_MAX, the container's part is cut and ends in 12 digits of its
 * hash.
 *
 * Return: owned by the caller.
 */
char *identity_machine_name(const char *id, const char *container);

/* The id that begins a machine's name, the shortest where several could; owned by the caller, NULL: there is
 * none. */
char *identity_of_machine(const char *machine);

/* "fc-" and 11 hexadecimal digits: 14 bytes, an interface name has at most 15 (IFNAMSIZ). Owned by the
 * caller. */
char *identity_bridge_name(const char *id);

/* Of a network of the project beside the default one: the same and a letter, 15 bytes. Owned by the
 * caller. */
char *identity_network_name(const char *id, char letter);
