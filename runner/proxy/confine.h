/* SPDX-License-Identifier: MIT */
#pragma once

/* The credentials and limits of what serves ports. */

#include "base/error.h"

/**
 * confine() - become a user of the machine's own, without any privilege, for good
 *
 * No capability is left, none comes back by executing a program, and nothing is gained by one that is
 * set-user-id. The user is that of privilege_become_own_user().
 */
int confine(const char *machine, Error *reterr);
