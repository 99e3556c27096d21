/* SPDX-License-Identifier: MIT */
#pragma once

/* sd-journal maps journal files into memory. A guest may truncate one at any time, and reading beyond the
 * new end raises SIGBUS, which libsystemd leaves to its user. While the guard is on, the page that cannot be
 * read is replaced by one of zeros: sd-journal finds the file damaged and leaves it. */

#include <signal.h>

typedef struct SigbusGuard {
        struct sigaction old;
} SigbusGuard;

/* On until sigbus_guard_done(), in which they nest. */
void sigbus_guard_init(SigbusGuard *guard);
void sigbus_guard_done(SigbusGuard *guard);
