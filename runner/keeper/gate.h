/* SPDX-License-Identifier: MIT */
#pragma once

/* The gate (gate/main.c) as the supervisor and the relay see it, who are in the machine's mount namespace.
 *
 * It waits for the FIFO to be opened, and holds it open until it executes its command, which closes it; or
 * until it ends because it could not, and then it has taken the byte out before. Who opens it watches it
 * before that (IN_CLOSE_NOWRITE), since that is what the gate waits for. On a host without an inotify
 * instance left there is no event, and the payload looks again whether the gate is still there. */

#include "base/error.h"

#define GATE_LOOK_USEC (10 * USEC_PER_MSEC)

/* Opens the gate. It stays open as long as the descriptor: closed earlier, it would shut again before a slow
 * payload has come. Return: the descriptor. */
int gate_open(Error *reterr);

/* Of a gate that has closed the FIFO: to execute its command? Return: 1, 0, or a negative errno. */
int gate_has_executed(int gate_fd, Error *reterr);

/* Does this process, which has begun as the gate, execute the command by now? */
bool gate_is_passed(pid_t command);
