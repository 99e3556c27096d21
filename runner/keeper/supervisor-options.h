/* SPDX-License-Identifier: MIT */
#pragma once

/* The supervisor's command line, which machine/supervisor-client.c writes. */

#include "keeper/machine-dir.h"
#include "keeper/options.h"

typedef struct SupervisorMounts {
        MachineMount *mounts;
        size_t n;
} SupervisorMounts;

typedef struct SupervisorOptions {
        KeeperOptions keeper;
        int cgroup_fd;       /* the machine's cgroup */
        int cgroup_mount_fd; /* a detached mount of the whole cgroup2 tree */
        int control_fd;      /* see keeper/control.h; -EBADF: no command listens */
        int console_fd;      /* the log of what nspawn and the payload write to their console */
        int state_fd;        /* directory of that log */
        int runtime_fd;      /* directory for the records */
        int events_fd;       /* directory of the project's event log, or -EBADF */
        int lock_fd;  /* shared lock of the project's network, held for as long as we live, or -EBADF */
        int owner_fd; /* pidfd of PID 1 of the container whose network this one shares, or -EBADF */
        uint64_t stop_timeout_usec; /* when that has ended: how long this one may take to */
        int broker_fd; /* where what runs in the host's network is asked for, or -EBADF (base/host-exec.h) */
        bool in_host_network; /* as nspawn does then */
        SupervisorMounts mounts;
} SupervisorOptions;

/* @argv: without the program's name. */
int supervisor_options_parse(char *const *argv, SupervisorOptions *ret, Error *reterr);
void supervisor_options_done(SupervisorOptions *o);

/* Adds the words to @argv. */
void supervisor_options_print(const SupervisorOptions *o, char ***argv);

/* For the child that executes the supervisor: it inherits the descriptors. */
void supervisor_options_inherit(const SupervisorOptions *o);
