/* SPDX-License-Identifier: MIT */
#pragma once

/* How a machine ended: what its keeper notes in the container's directory in /run for the next command, and
 * tells the command that started it. As text it is one line: "exited 1", "killed 9, had run out of memory",
 * "exited 1, given up after 5 restarts", or what the keeper says where it knows neither status nor
 * signal. */

#include "base/error.h"

/* With --keep-unit nspawn does not loop when the guest reboots, it exits so and asks its unit to start it
 * again: systemd-nspawn@.service has RestartForceExitStatus=133. */
#define EXIT_STATUS_REBOOT 133

typedef enum EndHow {
        ENDED_UNKNOWN, /* there is no record */
        ENDED_EXITED,
        ENDED_KILLED,
        ENDED_OTHER, /* as the text says */
} EndHow;

typedef struct ExitRecord {
        EndHow how;
        int code;   /* exit status, or number of the signal */
        char *text; /* ENDED_OTHER */
        bool out_of_memory;
        bool given_up;
        unsigned restarts; /* until it was given up */
} ExitRecord;

void exit_record_done(ExitRecord *record);

/* From a status of waitpid(2). */
ExitRecord exit_record_from_status(int status);

/* With another text than a status or a signal. */
ExitRecord exit_record_from_text(const char *text);

/* Return: false for an empty text; any other says something, if only as it stands. Pure. */
bool exit_record_parse(const char *text, ExitRecord *ret);

/* Owned by the caller; NULL for ENDED_UNKNOWN. */
char *exit_record_to_string(const ExitRecord *record);

/* ", had run out of memory" and the like, or ""; owned by the caller. */
char *exit_record_describe_rest(const ExitRecord *record);

/* It has exited with 0. */
bool exit_record_is_success(const ExitRecord *record);

/* The guest wants to be started again. */
bool exit_record_is_reboot(const ExitRecord *record);

int exit_record_write(int runtime_fd, const ExitRecord *record, Error *reterr);

/* A missing one is success with ENDED_UNKNOWN. */
int exit_record_read(int runtime_fd, ExitRecord *ret, Error *reterr);

/* A missing one is success. */
int exit_record_remove(int runtime_fd, Error *reterr);
