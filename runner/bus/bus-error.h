/* SPDX-License-Identifier: MIT */
#pragma once

/* Errors of D-Bus calls, told of the manager that was called. */

#include "base/error.h"
#include "bus/systemd-bus.h"

typedef struct BusPeer {
        const char *manager;    /* what answers */
        const char *connection; /* what breaks */
        int broken_exit;        /* exit code when it does */
        int denied_exit;        /* when the caller or what it asks for is refused */
        const char *denied_hint;
} BusPeer;

extern const BusPeer bus_guest, bus_host, bus_user;

/* Raises what a call answered; @e may be unset when the call did not get that far, or NULL. */
int bus_error(const BusPeer *peer, Error *reterr, int r, const sd_bus_error *e, const char *format, ...)
        _printf_(5, 6);
