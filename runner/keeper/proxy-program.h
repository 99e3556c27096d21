/* SPDX-License-Identifier: MIT */
#pragma once

/* Starting what serves a container's published ports (proxy/main.c). */

#include "keeper/options.h"

/* @leader_fd: pidfd of the payload's PID 1, -EBADF: the services are in the host's network. Return: the pid
 * of a child, or a negative errno. */
pid_t proxy_program_start(const KeeperOptions *o, const KeeperPorts *ports, int leader_fd);
