/* SPDX-License-Identifier: MIT */
#pragma once

/* The network namespace that a container joins: one of the host's (`network.namespace`), as ip-netns(8)
 * names it, or that of another container (`network.container`). */

#include "base/error.h"

/**
 * netns_join() - become a program there
 * @name: of a file in /run/netns, which is opened at each start: what makes it may have made it anew; NULL:
 *        standard input is the pidfd of a process there, and the program gets /dev/null
 * @argv: the program, systemd-nspawn, with its arguments
 *
 * nspawn's own --network-namespace-path= comes too late: it has entered the user namespace by then, which
 * does not own the network. And the supervisor, which executes this, has no privilege to enter one. Return:
 * only on failure.
 */
int netns_join(const char *name, char **argv, Error *reterr);
