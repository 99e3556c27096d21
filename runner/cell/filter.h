/* SPDX-License-Identifier: MIT */
#pragma once

/* Which system calls a guest may make: those that systemd-nspawn lets it. */

#include "base/error.h"

/* Needs CAP_SYS_ADMIN, so that programs inside still gain by their set-user-id bits. @capabilities: what the
 * guest's root has; some calls go with them. */
int filter_load_for_guest(uint64_t capabilities, Error *reterr);
