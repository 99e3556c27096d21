/* SPDX-License-Identifier: MIT */
#pragma once

/* A network that belongs to a user namespace above ours: the host's, to a program that is root without root
 * of the host. It can be used, and neither entered nor changed. */

#include "base/error.h"

/* @ns_fd: a network namespace. */
bool network_is_above(int ns_fd);

/* In such a network abstract sockets of Unix are in sight, as those of an X server and of a session's bus,
 * which believe the uid. This process, and all that comes of it, reaches only those that it has made itself:
 * a domain of landlock(7), for which it needs CAP_SYS_ADMIN. In a network of ours it does nothing.
 * Return: 1, 0: nothing was done, also by a kernel that cannot (before Linux 6.12), or a negative errno. */
int network_above_hide_sockets(Error *reterr);
