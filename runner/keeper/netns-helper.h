/* SPDX-License-Identifier: MIT */
#pragma once

/* What a keeper has the program do that sets networks (netns-setup/). */

#include "keeper/options.h"

/**
 * netns_helper_start() - have the network inside set
 * @leader: the guest's PID 1, by the caller's PID namespace
 *
 * nspawn names that before the payload's first instruction or a moment after it; a systemd takes another 60
 * ms to its first unit, a plain command waits at the gate. Return: the pid of a child.
 */
pid_t netns_helper_start(const KeeperOptions *o, pid_t leader, Error *reterr);

/* Starts what leads to the internet (netns-setup/internet.h). Return: the pid of a child, which lasts. */
pid_t netns_helper_start_internet(const KeeperOptions *o, pid_t leader, Error *reterr);

/**
 * netns_helper_start_listening() - have sockets made inside that lead to the host
 * @socket_fd: where they are sent to, in the order of the ports, as one message (base/scm.h)
 *
 * Return: the pid of a child.
 */
pid_t netns_helper_start_listening(const KeeperOptions *o, pid_t leader, int socket_fd, Error *reterr);

/* One that shares the network of a container that has ended lets go of what the next boot of that needs. It
 * takes milliseconds. @leader: its own PID 1. Return: an exit status, or a negative errno. */
int netns_helper_let_go(const KeeperOptions *o, pid_t leader, Error *reterr);

/* @status: of the child that sets the network, as waitpid(2) gives it. Return: 1 the network is set, 0 the
 * guest has ended, which nspawn tells, or a negative errno. */
int netns_helper_result(int status, Error *reterr);

/* Makes the container's own networks where they are not there. Their lock is held. */
int netns_helper_ensure(const KeeperOptions *o, Error *reterr);

/* Removes the project's networks unless a process still holds its lock. */
int netns_helper_release(const KeeperOptions *o, Error *reterr);
