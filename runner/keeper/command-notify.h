/* SPDX-License-Identifier: MIT */
#pragma once

/* What a plain command says of itself, sd_notify(3), where it is waited for that (`ready.notify`). nspawn
 * hears nothing but PID 1 of its payload, and that is a process of nspawn's own where the payload is a
 * command. So the keeper has a socket of its own, which is bound into the container.
 *
 * All that runs inside may send there, under any user: a script says it by systemd-notify(1), which is
 * another process. What is said counts for readiness and for what is shown, and for nothing else. */

#include "base/systemd.h"
#include "keeper/nspawn-notify.h"

#define COMMAND_NOTIFY_SOCKET MACHINE_DIR "/" MACHINE_COMMAND_NOTIFY

/* @path: COMMAND_NOTIFY_SOCKET. Return: the socket, which does not block, or a negative errno. */
int command_notify_open(const char *path, Error *reterr);

/* One that sends without end makes the keeper work only so much: the others wait for their turn.
 * @ret: owned by the caller, with @callback enabled */
int command_notify_watch(sd_event *event, int fd, sd_event_io_handler_t callback, void *userdata,
                         sd_event_source **ret, Error *reterr);

/* Takes one message; descriptors that come with it are closed, which is the answer that systemd-notify(1)
 * waits for. @ret: to be emptied by nspawn_notice_done(). Return: 1, or 0 there is none. */
int command_notify_receive(int fd, NspawnNotice *ret);

/* Forgets what has been sent by processes that have ended. */
void command_notify_drain(int fd);
