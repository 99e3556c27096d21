/* SPDX-License-Identifier: MIT */
#pragma once

/* Sockets that outlive their last descriptor: the kernel releases them a little later, and takes some
 * milliseconds for those that a dead unit of systemd kept in its descriptor store. */

#include <stdint.h>

/* Return: a descriptor for port_release_wait(), or a negative errno, also without root. */
int port_release_watch(void);

/**
 * port_release_wait() - wait for the next TCP or UDP socket of this network namespace to be destroyed, see
 * sock_diag(7)
 * @deadline_usec: as in now_usec()
 *
 * Of those since port_release_watch(). Return: 1, at the deadline 0, or a negative errno.
 */
int port_release_wait(int fd, uint64_t deadline_usec);
