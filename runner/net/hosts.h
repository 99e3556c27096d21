/* SPDX-License-Identifier: MIT */
#pragma once

/* The hosts file by which the containers of a project find each other, hosts(5). One file for all of them,
 * bind-mounted into each. */

#include "base/error.h"

/* Of the host, by what a container reaches some of its ports (`network.hostAccess`): of the container's own
 * loopback, so that no other one reaches it there, and where no image has anything. */
#define HOST_ACCESS_ADDRESS "127.102.99.1"
#define HOST_ACCESS_NAMES   "host.containers host.docker.internal"

typedef struct HostsEntry {
        const char *names;    /* separated by spaces, the one that an address is told as first */
        const char *address;  /* numeric */
        const char *address6; /* NULL: it has none */
} HostsEntry;

/* The text of the file: localhost, the host, then the entries in their order. Pure. Owned by the caller. */
char *hosts_print(const HostsEntry *entries, size_t n_entries);

/**
 * hosts_write() - make `name` in `dir_fd` have this text
 * @text: ends with a newline
 *
 * An existing file is rewritten in place: containers have its inode mounted, and would go on seeing the old
 * one after a rename. A reader at that moment sees old lines after the new ones at worst, never half a line.
 * The caller holds the project's lock. The file is world-readable whatever the umask.
 */
int hosts_write(int dir_fd, const char *name, const char *text, Error *reterr);
