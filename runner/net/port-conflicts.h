/* SPDX-License-Identifier: MIT */
#pragma once

/* Published ports that are taken: all that a command has found, told as one error. */

#include "base/error.h"
#include "spec/spec.h"

typedef struct PortConflict {
        const char *container;
        const Port *port;
        Error error;
} PortConflict;

typedef struct PortConflicts {
        PortConflict *items;
        size_t n;
} PortConflicts;

#define PORT_CONFLICTS_NULL ((PortConflicts){})

/* @error: of port_bind(), FC_EXIT_CONFLICT; unset afterwards. @container and @port: borrowed. */
void port_conflicts_add(PortConflicts *c, const char *container, const Port *port, Error *error);

/* Each with the one that holds it, and another port that is free: call it when all others are bound. Return:
 * 0: there are none. */
int port_conflicts_raise(PortConflicts *c, Error *reterr);

void port_conflicts_done(PortConflicts *c);
