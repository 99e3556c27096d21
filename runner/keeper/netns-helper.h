/* SPDX-License-Identifier: MIT */
#pragma once

/* The program that sets the network of a guest (netns-setup/): how the supervisor and the relay call it,
 * and what its end means. */

#include <sys/types.h>

#include "base/error.h"

/* @address: "10.3.7.9/24", NULL: the loopback only. @leader: the guest's PID 1, by the caller's PID
 * namespace. The vector is the caller's. */
char **netns_helper_argv(const char *program, const char *address, pid_t leader);

/* @status: its exit status. Return: 1 the network is set, 0 the guest has ended, which nspawn tells, or a
 * negative errno. */
int netns_helper_result(int status, Error *reterr);
