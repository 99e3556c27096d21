/* SPDX-License-Identifier: MIT */
#pragma once

/* Waiting for the end of a machine that runs: of all of it, which reboots and restarts from inside are not,
 * and with what its end leaves behind written. Needs no root. */

#include "machine/machine.h"

typedef struct MachineEnd MachineEnd;

/**
 * machine_end_watch() - have `ended` called, once, when the machine has ended
 * @status: what machine_query() has said
 *
 * `ended` may free the watch. Return: 1 it is watched, 0 it has ended meanwhile and nothing is called, or a
 * negative errno.
 */
int machine_end_watch(sd_event *event, const char *machine, const MachineStatus *status,
                      void (*ended)(void *userdata), void *userdata, MachineEnd **ret, Error *reterr);
MachineEnd *machine_end_free(MachineEnd *end);
DEFINE_FREEP(MachineEnd, machine_end_free);
