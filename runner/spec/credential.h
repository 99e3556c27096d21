/* SPDX-License-Identifier: MIT */
#pragma once

/* The key "credentials", and names of credentials that a container is given, see "System and Service
 * Credentials" of systemd. */

#include "spec/key.h"

extern const SpecKey credentials_key;

/* FC_EXIT_USAGE unless it is a file name of at most 255 printable ASCII characters, as systemd wants it,
 * without ':', space and backslash, and not one of ours. */
int credential_check_id(const char *id, Error *reterr);
