/* SPDX-License-Identifier: MIT */
#pragma once

/* Interfaces of the network namespace that the calling process is in. */

#include "net/netlink.h"

/**
 * interface_wait() - wait until there is an interface of that name
 * @pidfd: of a process whose end ends the wait, too
 *
 * FC_EXIT_TIMEOUT when it does not appear in time.
 */
int interface_wait(Netlink *netlink, int pidfd, const char *name, uint64_t wait_usec, int *ret_index,
                   Error *reterr);
