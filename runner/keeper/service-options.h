/* SPDX-License-Identifier: MIT */
#pragma once

/* The command lines of the service program, what a machine's unit runs. machine/systemd-start.c writes them,
 * and keeper/service-start.c the relay's. */

#include "keeper/options.h"

/* The descriptors in the message that is held for the unit, in this order. */
enum {
        HELD_MOUNTS,  /* the mount namespace in which MACHINE_DIR is assembled */
        HELD_CONSOLE, /* the log */
        HELD_SOCKETS, /* those of the ports, one after the other; last that of the network's owner, if any */
};

typedef struct ServiceOptions {
        KeeperOptions keeper;
        char *program; /* this one's path, no option */
        char *runtime; /* directory for the records */

        /* of `start`: places in that message */
        KeeperPorts held_ports;

        /* of the relay */
        pid_t nspawn_pid;
        int nspawn_fd;             /* pidfd */
        int notify_fd;             /* nspawn's NOTIFY_SOCKET */
        int command_fd;            /* a command's, see keeper/command-notify.h */
        int lifeline_fd;           /* see keeper/service-lifeline.h */
        int lifeline_of_nspawn_fd; /* nspawn's end of it */
        int owner_fd; /* pidfd of PID 1 of the container whose network this one shares, or -EBADF */

        /* of `publish`, and nspawn_pid */
        pid_t leader_pid;
        int publish_fd; /* see keeper/publish-socket.h */
        char **forget;  /* ports inside that one before, which was killed, has had published */
} ServiceOptions;

/* Without any option. */
ServiceOptions service_options_null(void);

/* @argv: from what follows the verb on. */
int service_options_parse(char *const *argv, ServiceOptions *ret, Error *reterr);
void service_options_done(ServiceOptions *o);

/* The whole command line of a verb; owned by the caller. */
char **service_options_print(const ServiceOptions *o, const char *verb);

/* For the child that executes the program: it inherits the descriptors. */
void service_options_inherit(const ServiceOptions *o);
