/* SPDX-License-Identifier: MIT */
#pragma once

/* One transient service in a guest, for as long as it runs: started with descriptors of ours as its standard
 * streams, watched until its main process has ended, and collected by the manager at once, so that it leaves
 * nothing and never makes the guest "degraded". */

#include "bus/guest-bus.h"

/* The names of the units that we make begin with this; they are not the guest's own services. */
#define GUEST_UNIT_PREFIX "flake-containers-"

/* What a session is to the guest's manager; all of it borrowed. Strings are UTF-8: D-Bus carries nothing
 * else. */
typedef struct GuestService {
        const char *name;        /* "....service", not in use */
        const char *description; /* one line, for the guest's journal */
        const char *path;        /* absolute; what is executed */
        char *const *argv;       /* argv[0] included; arrives byte for byte, nothing is expanded */
        char *const *environment;
        const char *user;        /* NULL: root */
        const char *group;       /* NULL: the user's */
        const char *directory;   /* absolute */
        bool directory_optional; /* "/" when `directory` cannot be entered */
        int stdio[3];            /* borrowed; the same fd may stand more than once */
        bool terminal;           /* stdio is a terminal, which becomes the controlling one */
} GuestService;

/* After a request to stop, after the end of the main process or when the guest shuts down, what is left of
 * the session has this long before it is killed; so a session never delays the end of its guest for
 * longer. */
#define GUEST_UNIT_STOP_USEC (500 * USEC_PER_MSEC)

typedef enum GuestUnitEnd {
        GUEST_UNIT_EXITED,  /* the main process ended: `code` and `status` say how */
        GUEST_UNIT_REFUSED, /* it was never started; `reason` says why */
        GUEST_UNIT_UNKNOWN, /* it has ended, but how is lost: it did so while the connection was broken */
        GUEST_UNIT_DISCONNECTED, /* the connection ended first; the unit may live on */
} GuestUnitEnd;

typedef struct GuestUnitResult {
        GuestUnitEnd end;
        int code;           /* CLD_EXITED, CLD_KILLED, CLD_DUMPED */
        int status;         /* exit status or signal, by `code` */
        const char *reason; /* one line; only with GUEST_UNIT_REFUSED */
        bool stopping;      /* refused because the guest is shutting down */
} GuestUnitResult;

typedef struct GuestUnitCallbacks {
        /* The program is executed now. May be NULL; not called for one that ends at once. */
        void (*started)(void *userdata);
        /* The outcome, once and last. It may free the unit, but not the connection. */
        void (*done)(const GuestUnitResult *result, void *userdata);
        void *userdata;
} GuestUnitCallbacks;

typedef struct GuestUnit GuestUnit;

/**
 * guest_unit_start() - start a service and watch it
 *
 * The connection must be attached to a loop and outlive the unit. Nothing has happened yet when this
 * returns; what does is told through the callbacks, from the loop.
 */
int guest_unit_start(GuestBus *bus, const GuestService *service, const GuestUnitCallbacks *callbacks,
                     GuestUnit **ret, Error *reterr);

/* Goes on watching a unit over a new connection, after GUEST_UNIT_DISCONNECTED. */
int guest_unit_adopt(GuestBus *bus, const char *name, const GuestUnitCallbacks *callbacks, GuestUnit **ret,
                     Error *reterr);

/* Stops watching; the unit itself goes on. */
GuestUnit *guest_unit_free(GuestUnit *unit);
DEFINE_FREEP(GuestUnit, guest_unit_free);

/* Sends a signal to all processes of the unit, without waiting. It is not an error when the unit has
 * ended. */
void guest_unit_kill(GuestUnit *unit, int signal);

/* Asks the manager to stop the unit, without waiting; the end comes through `done`. */
void guest_unit_stop(GuestUnit *unit);

/* Stops the unit of that name and waits for the manager's answer; for a process that has no loop. A unit
 * that does not exist is success. */
int guest_unit_stop_by_name(GuestBus *bus, const char *name, Error *reterr);
