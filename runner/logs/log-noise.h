/* SPDX-License-Identifier: MIT */
#pragma once

/* What a system says of itself, beside what its services say: that units were started, disks mounted,
 * journals opened. Pure. */

#include "base/macro.h"

/**
 * log_is_noise() - is an entry of a journal only of interest to one who looks at the system?
 * @ident: who said it, @ident_size bytes; NULL: not known
 * @priority: 0 (emerg) to 7 (debug), negative: not known
 *
 * Of systemd and its parts, and of the kernel, what is not a warning. A guest can call itself whatever it
 * likes, and hides its own words then.
 */
bool log_is_noise(const char *ident, size_t ident_size, int priority);
