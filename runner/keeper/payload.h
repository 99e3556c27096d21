/* SPDX-License-Identifier: MIT */
#pragma once

/* The payload of one start of nspawn, from when that names its PID 1: the network inside is set, and a plain
 * command that waits at the gate (gate/main.c) is let in. Then it is open: its network is there, and a
 * command was executed. The caller is in the machine's mount namespace and has an event loop. */

#include <sys/types.h>

#include "base/systemd.h"
#include "keeper/options.h"

typedef struct Payload Payload;

typedef struct PayloadHandlers {
        void (*opened)(void *userdata);
        /* It cannot be opened. One that has ended is no failure: nspawn tells that. */
        void (*failed)(Error *error, void *userdata);
} PayloadHandlers;

/* @cgroup_fd: the machine's, borrowed as all the others. */
Payload *payload_new(sd_event *event, const KeeperOptions *o, int cgroup_fd, const PayloadHandlers *handlers,
                     void *userdata);
Payload *payload_free(Payload *p);
DEFINE_FREEP(Payload, payload_free);

/* nspawn names the payload's PID 1. Return: 1, 0 it has ended already, or a negative errno. */
int payload_set_leader(Payload *p, pid_t leader, Error *reterr);

/* Begins to open it. A handler may be called before this returns. */
int payload_start(Payload *p, Error *reterr);

/* pidfd of its PID 1; -EBADF: not named yet. */
int payload_leader_fd(const Payload *p);

bool payload_is_open(const Payload *p);

/* Of a child that was reaped. Return: whether it was this one's. */
bool payload_reaped(Payload *p, pid_t pid, int status);

/* nspawn has ended: all begins anew with the next. */
void payload_end(Payload *p);

/* The process of a plain command: nspawn's own PID 1 has started it. Return: 1, 0 it is not there, or a
 * negative errno. */
int payload_find_command(int cgroup_fd, pid_t *ret, Error *reterr);

/* The container whose network it shares has ended, and may be on its way up again. */
void payload_let_network_go(const Payload *p);

/* Asks PID 1 to halt. One that has not yet set up its signals loses this without a trace. */
void payload_halt(const Payload *p);

/* A plain command gets SIGTERM, or its own signal, and nothing else. Asked to halt, nspawn's PID 1 would
 * send it SIGHUP as well, which is delivered first and ends what handles only SIGTERM. Return: 1 it was
 * sent, 0 there is no command, or a negative errno. */
int payload_terminate_command(const KeeperOptions *o, int cgroup_fd, Error *reterr);
