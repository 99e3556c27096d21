/* SPDX-License-Identifier: MIT */
#pragma once

/* A project's network: a bridge in a network namespace of its own (net/netns.h), the router, to which its
 * containers are attached (net/router-port.h), and from there a route to the host, which has an interface of
 * the router's name for that. What the host does with packets that it forwards, or that its bridges pass on,
 * does not concern what containers send each other. Acts in the host's namespace. */

#include "plan/address.h"

/**
 * router_ensure() - make the network of a project, or complete what is there
 * @name: at most 15 bytes
 * @subnet: the host's interface gets its first address, with the subnet's prefix, and no other IPv4 address
 *
 * Several processes may call it at the same time: each returns when the network is up. A process that holds
 * the network's lock alone removes it (router_release()): hold that lock.
 * FC_EXIT_CONFLICT when `name` belongs to another interface; FC_EXIT_HOST without CAP_NET_ADMIN.
 */
int router_ensure(const char *name, const Subnet *subnet, Error *reterr);

/* Whether the interface that router_ensure() makes on the host could be that: there is none of the name, or
 * it is that. The same errors. */
int router_check_name(const char *name, Error *reterr);

/* Whether the host has an interface of that name that has the subnet's first address. */
bool router_has(const char *name, const Subnet *subnet);

/**
 * router_mend() - undo what another program did to the network of machines that run
 *
 * A network manager may take the address of the host's interface away, set it down or delete it; root may do
 * anything to the bridge. The network is held as for router_ensure().
 * @ret_mended: whether it had to change anything
 */
int router_mend(const char *name, const Subnet *subnet, char *const *machines, bool *ret_mended,
                Error *reterr);

/* Whether an older release has made the interface of that name. */
bool router_is_old(const char *name);

/* Lets it go: the kernel takes it apart, the host's interface with it, in some milliseconds. The bridge of
 * an older release stays while it has a port. @ret_removed: false: it is in use, or there was none. May be
 * NULL. */
int router_release(const char *name, bool *ret_removed, Error *reterr);

/* Likewise, and when it returns the host's interface is gone, also one whose namespace another program
 * holds. It may wait until the kernel has taken other namespaces apart. */
int router_remove(const char *name, bool *ret_removed, Error *reterr);

/* The names of all that router_ensure() has made, of whatever project, and of the bridges of older releases;
 * owned by the caller, NULL: there are none. An interface of the host's without its router is on its way
 * out. */
int router_list(char ***ret, Error *reterr);

/* Of the networks of one project: their names have the same first bytes. */
#define ROUTER_NAME_COMMON 14
bool router_is_sibling(const char *name, const char *other);

/* Those that are there, @name's own among them; owned by the caller, NULL: there are none. */
int router_list_siblings(const char *name, char ***ret, Error *reterr);

/* Whether a container is attached. One that is not there has none. */
int router_is_used(const char *name, bool *ret, Error *reterr);
