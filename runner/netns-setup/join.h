/* SPDX-License-Identifier: MIT */
#pragma once

/* The network namespace of the host that a container joins (`network.namespace`), as ip-netns(8) names
 * it. */

#include "base/error.h"

/**
 * netns_join() - become a program there
 * @name: of a file in /run/netns, which is opened at each start: what makes it may have made it anew
 * @argv: the program, systemd-nspawn, with its arguments
 *
 * nspawn's own --network-namespace-path= comes too late: it has entered the user namespace by then, which
 * does not own the network. And the supervisor, which executes this, has no privilege to enter one. Return:
 * only on failure.
 */
int netns_join(const char *name, char **argv, Error *reterr);
