/* SPDX-License-Identifier: MIT */
#pragma once

/* `up` that stays: shows the logs of what is up until it has ended, or until it is interrupted and has been
 * stopped. Holds no locks, so other commands can be used beside it. */

#include "ops/fleet.h"
#include "ops/log-sources.h"

typedef struct Attachment {
        LogSources sources;
        uint64_t since_usec; /* CLOCK_REALTIME */
} Attachment;

#define ATTACHMENT_NULL ((Attachment){.sources = LOG_SOURCES_NULL})

/* Before anything starts: what is logged from now on is what is shown. */
void attachment_begin(Attachment *a);

/* When the fleet has come up, and is still open: where each console's log begins. */
int attachment_prepare(Attachment *a, const Fleet *fleet, char *const *names, Error *reterr);
void attachment_done(Attachment *a);

/**
 * attachment_run() - stay attached
 * @project: its progress becomes plain where it was live, since lines of logs would run into it
 *
 * SIGINT, SIGTERM, SIGHUP (which are blocked) or nobody who reads the logs any more: all are stopped, the
 * first order, at the next signal at once. Returns also when all have ended by themselves; one that another
 * command restarts has not.
 *
 * Return: FC_EXIT_OK: all have ended with 0, or were stopped in order; FC_EXIT_FAILED: one has not ended
 * with 0; FC_EXIT_INTERRUPTED: a second signal; or a negative errno.
 */
int attachment_run(Attachment *a, Project *project, char *const *names, Error *reterr);
