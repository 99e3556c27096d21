/* SPDX-License-Identifier: MIT */
#pragma once

/* Starting the proxy of a published port: the first connection to a listening socket of the host starts
 * systemd-socket-proxyd(8) inside the container's network namespace, connected to the payload's own
 * 127.0.0.1. What comes in between is a program of ours (proxy/main.c). */

#include "keeper/options.h"

/* @leader_fd: pidfd of the payload's PID 1. Return: the pid of a child, or a negative errno. */
pid_t proxy_program_start(const KeeperOptions *o, const KeeperPort *port, int leader_fd);
