/* SPDX-License-Identifier: MIT */
#pragma once

/* What both keepers write down of a container's ends and starts: for `status` in its directory in /run, and
 * in the project's event log, since no command need be looking. A record that cannot be written is no reason
 * to do anything else with the container. */

#include "base/error.h"
#include "record/phase.h"

typedef struct KeeperRecords {
        int runtime_fd;        /* the container's directory in /run */
        int events_fd;         /* the directory of the event log; -EBADF: there is none */
        const char *container; /* its name there */
} KeeperRecords;

/* @detail: may be NULL. */
void records_event(const KeeperRecords *records, Phase event, const char *detail);

/* The payload is ready. A first start is for the command to tell that made it. */
int records_note_booted(const KeeperRecords *records, Error *reterr);

/* The guest has rebooted. @detail: may be NULL. */
int records_note_reboot(const KeeperRecords *records, const char *detail, Error *reterr);

/* A command or the host's systemd has it ended and started again, which counts as a reboot. @end: how it
 * ended. */
int records_note_restart(const KeeperRecords *records, const char *end, Error *reterr);

/* It failed and is going to be started again. */
int records_note_crash(const KeeperRecords *records, const char *end, Error *reterr);

/* How often it has been started again after failures since a command started it. */
int records_count_crashes(const KeeperRecords *records, unsigned *ret, Error *reterr);

/* Both are said in the console's log. */
void records_say_restart(const char *end);
void records_say_network_end(void);
