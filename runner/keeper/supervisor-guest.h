/* SPDX-License-Identifier: MIT */
#pragma once

/* One container for as long as it lives: systemd-nspawn, its notifications, the network inside, its ports,
 * the reboots of the guest, its restarts, and the end. */

#include "keeper/supervisor-options.h"
#include "record/exit-record.h"

typedef struct Guest Guest;

/**
 * guest_new() - prepare everything that must exist before nspawn starts
 * @host_proc: the host's /proc, borrowed
 *
 * SIGCHLD and SIGTERM are blocked.
 */
int guest_new(const SupervisorOptions *o, int host_proc, Guest **ret, Error *reterr);
Guest *guest_free(Guest *g);
DEFINE_FREEP(Guest, guest_free);

/* Starts nspawn and returns when the container has ended for good. */
int guest_run(Guest *g, Error *reterr);

/* How it ended. */
const ExitRecord *guest_end(const Guest *g);

/* Whether that was neither asked for nor an orderly shutdown. */
bool guest_failed(const Guest *g);

/* Whether a command has asked it to end, and sees to what is left then. */
bool guest_asked(const Guest *g);
