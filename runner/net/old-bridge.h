/* SPDX-License-Identifier: MIT */
#pragma once

/* What earlier releases have made in the host's own namespace: the project's bridge with rules that stop
 * what would be forwarded, and nspawn's veth for each machine. For machines that such a release has
 * started. */

#include "net/netlink.h"

/* Removes the bridge and its rules unless a port is attached to it. One that vanishes meanwhile is
 * success. */
int old_bridge_release(Netlink *netlink, const char *name, int index, bool *ret_removed, Error *reterr);

/**
 * old_port_remove() - remove the interface of a machine that does not run any more
 *
 * The kernel removes it by itself, but only some time after the last process of a container that was killed.
 * nspawn's name for it is vb-MACHINE, where that is too long as the alternative name (systemd-nspawn(1),
 * --network-veth). None is success.
 */
int old_port_remove(const char *machine, Error *reterr);
