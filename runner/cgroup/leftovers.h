/* SPDX-License-Identifier: MIT */
#pragma once

/* What a systemd-nspawn that was killed leaves on the host. */

#include "base/error.h"

/* Removes what a systemd-nspawn that was killed leaves in /run/systemd/nspawn for @machine. Newer releases
 * refuse to start a machine of the same name while it is there ("Mount point ... exists already,
 * refusing."). The machine must not be running. Nothing there is success.
 *
 * Of its lock files in there all that nspawn does not hold are removed. */
int nspawn_clear_leftovers(const char *machine, Error *reterr);
