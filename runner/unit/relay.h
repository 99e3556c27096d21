/* SPDX-License-Identifier: MIT */
#pragma once

/* Between nspawn's notifications and systemd: when nspawn names its leader, the relay sets the network
 * inside and opens the gate, and only then hands on that the guest is ready. Then it ends, unless there are
 * ports to be served (proxies.h). What nspawn says when nobody listens any more is lost, which it does not
 * mind. */

#include <sys/types.h>

#include "backend/machine-dir.h"
#include "unit/options.h"

/* In the machine's own mount namespace. */
#define RELAY_SOCKET MACHINE_DIR "/notify"

/* The socket that nspawn is given instead of systemd's. Return: an fd. */
int relay_socket(Error *reterr);

/* Does not return. Messages go to stderr; when it cannot go on it ends nspawn. */
void relay_run(const UnitOptions *o, pid_t nspawn, int notify_fd, const int *port_fds)
        __attribute__((noreturn));
