/* SPDX-License-Identifier: MIT */
#pragma once

/* The word that `status` has for a container, and its notes, from what is remembered, what runs, and what
 * its systemd says. Pure. */

#include "bus/guest-failed.h"
#include "bus/guest-state.h"
#include "record/exit-record.h"
#include "view/status-list.h"

/* What is known of a container that does not run, beside what its status has already. */
typedef struct StatusFacts {
        const char *boot_id;       /* of this boot of the host */
        const ContainerSpec *spec; /* may be NULL */
        const ExitRecord *end;     /* how it ended */
        bool being_started;        /* a command holds its lock */
} StatusFacts;

/* For a container that does not run. */
void status_judge_down(ContainerStatus *c, const StatusFacts *f);
void status_judge_elsewhere(ContainerStatus *c, const char *where);

/* For a container that runs, as far as its systemd need not be asked. Return: whether its systemd could tell
 * more. */
bool status_judge_up(ContainerStatus *c);

/* Its seed began, and no command is at work that would bring it to its end. */
void status_judge_unseeded(ContainerStatus *c);

/* Then: what its systemd has said, or that it did not answer, and which of its units failed. @spec: may be
 * NULL */
void status_judge_manager(ContainerStatus *c, const ContainerSpec *spec, ManagerState state);
void status_judge_silence(ContainerStatus *c);
void status_note_failed(ContainerStatus *c, const FailedUnits *failed);

/* How often it has rebooted. */
void status_note_reboots(ContainerStatus *c);

/* All notes, also how long ago it has crashed, which goes on by itself: owned by the caller; NULL: there are
 * none. @now: CLOCK_REALTIME */
char **status_notes(const ContainerStatus *c, uint64_t now);

/* Since when it has been ready in this run, CLOCK_REALTIME; 0: it is not. */
uint64_t status_ready_since(const ContainerStatus *c);
