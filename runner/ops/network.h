/* SPDX-License-Identifier: MIT */
#pragma once

/* The addresses of a project: chosen once, remembered in .containers/state.json, never moved by another
 * container being added. */

#include "ops/project.h"
#include "plan/address.h"
#include "plan/plan.h"

/* In the project's runtime directory. */
#define NETWORK_HOSTS "@hosts"

typedef struct Network {
        char *bridge;
        char *started_root; /* as in Project; where nothing runs, here */
        Subnet subnet;
        ProjectState *state;
} Network;

void network_done(Network *n);

/**
 * network_read() - what the addresses are, or would be if they were chosen now
 *
 * Every container of the specification with a private network gets an address. Changes nothing; for plans
 * that are only shown. @ret_changed: what was not remembered before was chosen.
 */
int network_read(const Project *project, Network *ret, bool *ret_changed, Error *reterr);

/* Likewise, and remembers it and writes the hosts file into the project's runtime directory; under the
 * project's lock, which is taken here. */
int network_settle(const Project *project, int runtime_fd, const char *verb, Network *ret, Error *reterr);

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

/* Makes it for a machine that is about to start, or sees that it can be made. The network is held. */
int network_prepare(const Network *n, const Backend *backend, Error *reterr);

/* For a machine that runs, likewise. @ret_mended: another program had changed something. */
int network_mend(const Network *n, const char *machine, bool *ret_mended, Error *reterr);

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
