/* SPDX-License-Identifier: MIT */
#pragma once

/* The credentials and limits of what serves ports. */

#include "base/error.h"

/**
 * confine() - become a user of the machine's own, without any privilege, for good
 *
 * No capability is left, none comes back by executing a program, and nothing is gained by one that is
 * set-user-id. The uid is one that nothing else has: from 0x78000000 on, where neither the users of a
 * system nor those of containers (systemd's UIDS-GIDS.md), of a directory service or of DynamicUser= are,
 * 26 bits of a hash of the machine's name. So no list of users is asked, nothing has to be locked, and
 * the proxy of another container has no power over this one.
 */
int confine(const char *machine, Error *reterr);
