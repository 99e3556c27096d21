/* SPDX-License-Identifier: MIT */
#pragma once

/* What the supervisor tells the command that started it, over a SOCK_SEQPACKET pair: one message a datagram,
 * a word and a text. Nothing is sent the other way: a command that goes away leaves a container that goes
 * on, and everything that later commands want to know they ask the kernel and the guest. */

#include "base/error.h"

typedef enum ControlKind {
        CONTROL_LEADER,     /* text: the host's pid of the payload's PID 1 */
        CONTROL_STATUS,     /* text: the payload's STATUS= line */
        CONTROL_READY,      /* nspawn said READY=1: by --notify-ready= of the payload or of its start */
        CONTROL_RESTARTING, /* text: how it failed; it is started again, a LEADER follows */
        /* Text: "exited N", "killed N" (by signal), perhaps ", why" behind it; the last message of a
         * container that ended. */
        CONTROL_EXITED,
        CONTROL_ERROR, /* text: why the supervisor itself gave up; the last message */
        CONTROL_LOST,  /* the last message; text: why nothing more will come, though the container goes on */
        _CONTROL_KIND_MAX,
} ControlKind;

#define CONTROL_MESSAGE_MAX 4096

typedef struct ControlMessage {
        ControlKind kind;
        char text[CONTROL_MESSAGE_MAX];
} ControlMessage;

/* Never blocks and never fails for the sender: a reader that is gone or slow is not worth a container.
 * STATUS is left out when much is unread already, so that the rest always finds room. */
void control_send(int fd, ControlKind kind, const char *text);

/* Return: 1 a message, 0 the other side has closed, -EAGAIN nothing there now, other negative errno. */
int control_receive(int fd, ControlMessage *ret);
