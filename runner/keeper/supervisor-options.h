/* SPDX-License-Identifier: MIT */
#pragma once

/* The supervisor's command line. It is written by machine/supervisor-client.c and by nobody else: a mistake
 * in it is a bug of ours, so messages are terse. File descriptors are named by number and inherited. */

#include "keeper/machine-dir.h"
#include "base/error.h"
#include "base/strv.h"

/* A published port: one or two listening sockets of the host, one port inside. */
typedef struct PortOption {
        int fds[2]; /* the second may be -EBADF */
        char *container;
} PortOption;

typedef struct SupervisorOptions {
        char *machine;
        int cgroup_fd;       /* the machine's cgroup */
        int cgroup_mount_fd; /* a detached mount of the whole cgroup2 tree */
        int control_fd;      /* see keeper/control.h */
        int console_fd;      /* the log of what nspawn and the payload write to their console */
        int state_fd;        /* directory of that log */
        int runtime_fd;      /* directory for the `exit` record */
        int events_fd;       /* directory of the project's event log, or -EBADF */
        char *container;     /* its name there */
        int lock_fd;   /* shared lock of the project's network, held for as long as we live, or -EBADF */
        char *netns;   /* program that sets the network inside, NULL: nothing to set */
        char *address; /* A.B.C.D/24; NULL: loopback only */
        char *bridge;  /* released at the end, NULL: none */
        char *bridge_lock;
        bool gate;    /* the payload waits at a FIFO until its network is set */
        bool command; /* the payload is a plain command: PID 2 under nspawn's own PID 1 */
        bool restart; /* when it fails */
        char *proxy;  /* what becomes one, confined */
        char *proxyd; /* systemd-socket-proxyd */
        MachineMount *mounts;
        size_t n_mounts;
        PortOption *ports;
        size_t n_ports;
        char **limits; /* of nspawn's cgroup, "FILE=VALUE" */
        char **nspawn; /* argument vector */
} SupervisorOptions;

int supervisor_options_parse(int argc, char **argv, SupervisorOptions *ret, Error *reterr);
void supervisor_options_done(SupervisorOptions *o);
