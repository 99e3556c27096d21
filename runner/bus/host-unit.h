/* SPDX-License-Identifier: MIT */
#pragma once

/* One transient service of the host's systemd (org.freedesktop.systemd1(5)): started, stopped, watched. */

#include "bus/host-bus.h"

typedef struct HostUnitHandlers {
        /* A start or restart of the unit is over: "done", "failed", "canceled", ... */
        void (*started)(const char *result, void *userdata);

        /* Its STATUS= has changed. */
        void (*status)(const char *text, void *userdata);

        /* It has ended, and systemd will start it again by itself. */
        void (*again)(void *userdata);

        /* It has ended and is forgotten. Last. */
        void (*gone)(void *userdata);

        /* The bus is lost, and with it all that would be told. Last. */
        void (*lost)(void *userdata);
} HostUnitHandlers;

typedef struct HostUnit HostUnit;

/* Installs the watches first, so that whatever is called next, nothing is missed. @handlers: static; each
 * may be NULL, and may free the unit as its last action. */
int host_unit_new(HostBus *bus, const char *name, const HostUnitHandlers *handlers, void *userdata,
                  HostUnit **ret, Error *reterr);
HostUnit *host_unit_free(HostUnit *unit);
DEFINE_FREEP(HostUnit, host_unit_free);

typedef struct HostUnitDevice {
        const char *path; /* or "char-pts", "block-loop" */
        const char *permissions;
} HostUnitDevice;

/* A limit of systemd.resource-control(5) over D-Bus. */
typedef struct HostUnitLimit {
        const char *property;
        uint64_t value; /* UINT64_MAX: none */
} HostUnitLimit;

/* A command that is run when a file is written to, unless it runs already, as long as the unit is there. It
 * has to end by itself when the unit does. */
typedef struct HostUnitWatch {
        const char *name; /* of its units, without suffix, never used before; NULL: there is none */
        const char *description;
        const char *path; /* with nothing in it that a unit file would expand */
        char *const *command;
} HostUnitWatch;

typedef struct HostUnitSettings {
        const char *description;
        const char *documentation; /* an URI, see systemd.unit(5) */
        char *const *
                start; /* argument vectors, NULL: none; the first word is the program. Nothing is expanded */
        char *const *stop;   /* before it is asked to end */
        char *const *finish; /* after each end */
        int input_fd;        /* stdin of the first start */
        int output_fd;       /* stdout and stderr, likewise */
        int again_status; /* by exiting with it the command asks to be started again, and has not failed */
        bool restart;     /* when it fails */
        unsigned restart_burst;
        uint64_t restart_interval_usec;
        uint64_t restart_delay_usec;
        uint64_t stop_timeout_usec;
        const HostUnitDevice *devices;
        size_t n_devices;
        const HostUnitLimit *limits;
        size_t n_limits;
        HostUnitWatch watch;
} HostUnitSettings;

/* Return: when systemd has taken it over; how it goes is reported. FC_EXIT_CONFLICT when the name is
 * taken. */
int host_unit_start(HostUnit *unit, const HostUnitSettings *settings, Error *reterr);

/* Whether its stop waits, at a shutdown of the host, for the end of a unit that is to be stopped before: for
 * the one that our caller is a part of. Return: 1 yes, 0 no, or a negative errno. */
int host_unit_stop_is_held(HostUnit *unit, Error *reterr);

/**
 * host_unit_end() - have it end as its stop would
 *
 * Runs its ExecStop= commands beside this process, or else asks the main process by SIGTERM, as systemd does
 * for a unit with KillMode=mixed. What follows an end (ExecStopPost=) is systemd's.
 */
int host_unit_end(HostUnit *unit, Error *reterr);

/* As `systemctl set-property --runtime`. Return: 1 it has them, 0 there is no such unit. */
int host_unit_limit(HostUnit *unit, const HostUnitLimit *limits, size_t n, Error *reterr);

/* As `systemctl freeze`. Return: 1 when all of it stands still, 0 there is no such unit. */
int host_unit_freeze(HostUnit *unit, Error *reterr);

/* Takes `systemctl freeze` back. One that is not frozen, or not there, is success. */
int host_unit_thaw(HostUnit *unit, Error *reterr);

/* Return: 1 it is being stopped and `gone` follows, 0 there is no such unit. */
int host_unit_stop(HostUnit *unit, Error *reterr);

/* The unit's job: what systemd is about to do with it. */
typedef enum HostUnitJob {
        HOST_UNIT_JOB_OTHER, /* or none */
        HOST_UNIT_JOB_STOP,
        HOST_UNIT_JOB_RESTART,
} HostUnitJob;

/* Connects by itself, and asks again where there is no answer, as of a systemd that executes itself anew.
 * @patience_usec: for so long; a call may take longer */
int host_unit_find_job(const char *name, uint64_t patience_usec, HostUnitJob *ret, Error *reterr);

/* Blocks until it is gone, for callers without an event loop. Return: 1 it is, 0 the time has passed. */
int host_unit_wait_gone(HostUnit *unit, uint64_t timeout_usec, Error *reterr);
