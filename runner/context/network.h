/* SPDX-License-Identifier: MIT */
#pragma once

/* The addresses of a project: chosen once, remembered in .containers/state.json, never moved by another
 * container being added. */

#include "context/project.h"
#include "plan/address.h"
#include "plan/plan.h"

/* Names of containers end in the project's id and this, where their own name alone would not do. */
#define NETWORK_DOMAIN "containers"

/* In the project's runtime directory: the names of those that are in the default network. */
#define NETWORK_HOSTS "@hosts"

/* One more byte of an interface's name tells networks apart. */
#define NETWORK_LETTERS 26

/* Each is a router of its own (net/router.h), so that none leads to another. */
typedef struct ProjectNetwork {
        const char *name;
        char letter; /* 'a' to 'z'; '\0': the default one */
        char *bridge;
        Subnet subnet;               /* prefix 0: none is chosen yet, and no container needs it */
        bool wanted;                 /* by a container of the specification */
        const NetworkSpec *declared; /* what the specification says; NULL: nothing */
        bool unknown6; /* what it was started with, of IPv6, only the specification tells, and does not */
} ProjectNetwork;

typedef struct Network {
        ProjectNetwork *networks; /* the default one, then those of the state */
        size_t n_networks;
        char *started_root; /* as in Project; where nothing runs, here */
        bool moved;         /* a subnet or an address is no longer what it was */
        char **machines;    /* of the host, that run */
        char **outside;     /* containers of the specification that are in no network (any more) */
        char **shared;      /* containers that the main work tree has (context/shared.h) */
        bool ipv6;          /* the host has it */
        char **without6;    /* containers that run without IPv6, see network_look_for_ipv6() */
        ProjectState *state;
} Network;

void network_done(Network *n);

/* Owned by @n; NULL: no container has named it. */
ProjectNetwork *network_find(const Network *n, const char *name);

/* A container's: those, or where it names none (NULL) the default one. */
char *const *network_names(char *const *networks);

/* The address of a container there, "10.x.y.z"; owned by the caller, NULL when it has none. */
char *network_address(const Network *n, const ProjectNetwork *network, const char *container);

/* Likewise "fd..::z"; no container has one on a host without IPv6, nor one that was started on such. */
char *network_address6(const Network *n, const ProjectNetwork *network, const char *container);

/* Whose addresses a container has: its own, or those of another one whose network it shares. Owned by @n,
 * or @container itself. */
const char *network_owner(const Network *n, const char *container);

/* The first network of a container that has an address; NULL: it has none. Owned by @n. */
const ProjectNetwork *network_first(const Network *n, const char *container);

/* The name of a container beyond the project; owned by the caller. */
char *network_full_name(const Network *n, const char *container);

/* The name in the runtime directory of a container's hosts file; owned by the caller. */
char *network_hosts_file(const char *container, char *const *networks);

/* Whether the host has the network that a container joins, or the interface that it is attached to.
 * FC_EXIT_HOST when it has not. */
int network_check_host(const ContainerSpec *c, Error *reterr);

/* What the host routes, and the project's other networks, which may not be there yet. @ret: owned by the
 * caller. */
int network_read_taken(const Network *n, const ProjectNetwork *except, Subnet **ret, size_t *ret_n,
                       Error *reterr);

/* Subnets that the specification gives: does the host route them elsewhere? Then FC_EXIT_CONFLICT.
 * For a moment it waits for another project's that is on its way out.
 * @in_use: those that are there are used. */
int network_check_declared(const Network *n, bool in_use, Error *reterr);

/**
 * network_read() - what the addresses are, or would be if they were chosen now
 *
 * Every container of the specification, if there is one, with a private network gets an address. Changes
 * nothing; for plans that are only shown. @ret_changed: what was not remembered before was chosen.
 */
int network_read(const Project *project, Network *ret, bool *ret_changed, Error *reterr);

/* Likewise. @machines: those that run on the host, owned by @ret. @handled: containers that the command may
 * start again, and so put into other networks. */
int network_read_beside(const Project *project, char **machines, char *const *handled, Network *ret,
                        bool *ret_changed, Error *reterr);

/* Which of those that run were started without IPv6, for network_address6(). */
void network_look_for_ipv6(const Project *project, Network *n);

/* Likewise, and remembers it and writes the hosts file into the project's runtime directory; under the
 * project's lock, which is taken here. @ret: what it holds is freed before */
int network_settle(const Project *project, int runtime_fd, const char *verb, char *const *handled,
                   Network *ret, Error *reterr);

/* Those are about to be started again: where they had no IPv6 they get it, and hosts files name it. */
int network_regain_ipv6(Network *n, char *const *containers, int runtime_fd, const char *verb,
                        Error *reterr);

/* The plan of a container of the project with the address that it has here. @c must live as long as the
 * plan, which is owned by the caller. */
ContainerPlan *network_plan(const Network *n, const Project *project, const ContainerSpec *c);

/**
 * network_hold() - keep the project's network from being put away
 *
 * A shared lock on NETWORK_LOCK, taken before the addresses are settled and handed on to the supervisors,
 * who hold it for as long as they live. Return: the fd.
 */
int network_hold(int runtime_fd, Error *reterr);

/* Makes those of a machine that is about to start, or sees that they can be made. The network is held. */
int network_prepare(const Network *n, const ContainerSpec *c, const Backend *backend, Error *reterr);

/* Has one of them a name that begins with the id? */
bool machines_have(char *const *machines, const char *id);

bool network_runs(const Project *project, const Network *n, const char *container);

/* Does a machine run whose name begins with the id? */
int network_in_use(const char *cgroup_root, const char *id, bool *ret, Error *reterr);

/* Keeps all from starting anything in the project, for a moment. @ret_fd: until it is closed; -EBADF: a
 * process holds the network, or something runs. */
int network_hold_alone(const char *cgroup_root, const char *id, int runtime_fd, int *ret_fd, Error *reterr);

/* Removes what is left on the host of machines that do not run any more, and the network unless a process
 * holds it. What is missing is success. @ret_removed: whether it was the network. NULL: that may go some
 * milliseconds later, which is not waited for. */
int network_release(const char *cgroup_root, const char *id, int runtime_fd, char *const *machines,
                    bool *ret_removed, Error *reterr);

/* Its path for a supervisor, which releases the network by itself when its guest ends; owned by the
 * caller. */
char *network_lock_path(const char *id);
