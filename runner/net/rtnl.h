/* SPDX-License-Identifier: MIT */
#pragma once

/* The host's side of a project's network: what the host routes already, and the project's bridge. Acts in
 * the network namespace of the calling thread; rtnetlink(7). */

#include "plan/address.h"

/**
 * routes_read() - all IPv4 destinations that the host routes, in all tables
 * @except_ifname: leave out what goes over this interface (the project's own bridge); it may be missing, or
 *                 NULL
 * @ret: owned by the caller
 */
int routes_read(const char *except_ifname, Subnet **ret, size_t *ret_n, Error *reterr);

/**
 * bridge_ensure() - make the bridge of a project, or complete what is there
 * @name: at most 15 bytes
 * @subnet: the bridge gets its first address, with the subnet's prefix, and no other IPv4 address
 *
 * Several processes may call it at the same time: each returns when the bridge is up. A bridge without a
 * port
 * is removed by bridge_release(): hold the lock that its callers hold until the container's port is
 * attached.
 * FC_EXIT_CONFLICT when `name` belongs to another kind of interface; FC_EXIT_HOST without CAP_NET_ADMIN.
 */
int bridge_ensure(const char *name, const Subnet *subnet, Error *reterr);

/* Whether there is a bridge of that name that has the subnet's first address. */
bool bridge_has(const char *name, const Subnet *subnet);

/**
 * bridge_mend() - undo what another program did to the network of a machine that runs
 *
 * A network manager may take the address of the bridge away, set it down or delete it, or take the machine's
 * port off it. The bridge is held as for bridge_ensure().
 * @ret_mended: whether it had to change anything
 */
int bridge_mend(const char *name, const Subnet *subnet, const char *machine, bool *ret_mended,
                Error *reterr);

/**
 * bridge_release() - remove the bridge when no port is attached to it
 *
 * The port of a container that was killed goes some ten milliseconds after its last process: call
 * bridge_port_remove() first.
 * @ret_removed: false: still in use, or there was none. May be NULL.
 */
int bridge_release(const char *name, bool *ret_removed, Error *reterr);

/* The names of all bridges that bridge_ensure() has made, of whatever project; owned by the caller, NULL:
 * there are none. */
int bridge_list(char ***ret, Error *reterr);

/* Whether it has a port. One that is not there has none. */
int bridge_is_used(const char *name, bool *ret, Error *reterr);

/**
 * bridge_port_remove() - remove the interface of a machine that does not run any more
 *
 * nspawn made it on the host. The kernel removes it by itself, but only some time after the last process of
 * a container that was killed, and until then the next nspawn fails with "Failed to add new veth interfaces:
 * File exists". nspawn's name for it is vb-MACHINE, where that is too long as the alternative name
 * (systemd-nspawn(1), --network-veth). None is success.
 */
int bridge_port_remove(const char *machine, Error *reterr);

/**
 * rtnl_set_conf() - write a setting of an interface for which there is no netlink message
 * @family: "ipv4" or "ipv6"
 * @name: the interface's, or "all"
 *
 * None is success: a kernel without IPv6 has no such file, and neither has an interface that vanished.
 */
int rtnl_set_conf(const char *family, const char *name, const char *key, const char *value, Error *reterr);
