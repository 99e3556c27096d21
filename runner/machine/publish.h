/* SPDX-License-Identifier: MIT */
#pragma once

/* Asking a machine's keeper to publish ports while it runs (keeper/publish.h). */

#include "machine/machine.h"

typedef struct PublishPlace {
        const char *cgroup_mount;
        const char *machine;
        const char *container; /* its name in the project */
        const char *address;   /* its own, without prefix */
        const char *runtime;   /* its directory below /run/flake-containers/ID/ */
        int runtime_fd;
        MachineStatus status; /* it runs */
} PublishPlace;

/**
 * machine_publish_mend() - look after what was published before
 * @ports: inside, "80" or "53/udp"
 *
 * Return: 1: what serves them was killed, on a host that systemd manages, and another has taken its place:
 * they are to be published anew; 0: all is well, or a negative errno.
 */
int machine_publish_mend(const PublishPlace *place, char *const *ports, Error *reterr);

/* @fds: the host's sockets, which stay the caller's. */
int machine_publish(const PublishPlace *place, uint16_t container_port, bool udp, const int *fds,
                    size_t n_fds, Error *reterr);

/* What is open at this port of the host, of the specification as well. What uses it goes on, new connections
 * are refused when this returns. @address: of one of its sockets, all of which go; NULL: any. FC_EXIT_USAGE
 * when there is nothing. */
int machine_unpublish(const PublishPlace *place, const char *address, uint16_t host_port, bool udp,
                      Error *reterr);
