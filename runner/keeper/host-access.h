/* SPDX-License-Identifier: MIT */
#pragma once

/* What a container reaches of its host's localhost (`network.hostAccess`): published ports the other way
 * round. Sockets listen inside, made by the netns helper before the payload begins and kept here, and the
 * first connection to one starts a proxy in the host's network. */

#include <sys/types.h>

#include "base/systemd.h"
#include "keeper/options.h"

typedef struct HostAccess HostAccess;

/* Return: owned by the caller, who keeps @o alive. */
HostAccess *host_access_new(sd_event *event, const KeeperOptions *o);
HostAccess *host_access_free(HostAccess *h);
DEFINE_FREEP(HostAccess, host_access_free);

/* @leader: the guest's PID 1. */
int host_access_start(HostAccess *h, pid_t leader, Error *reterr);

/* The payload has ended. */
void host_access_end(HostAccess *h);

/**
 * host_access_reaped() - of a child that was reaped
 * @ret: 1: all sockets listen from now on; 0: nothing is new, or the guest has ended; or a negative errno,
 *       and then @reterr is set
 *
 * Return: whether it was this one's.
 */
bool host_access_reaped(HostAccess *h, pid_t pid, int status, int *ret, Error *reterr);
