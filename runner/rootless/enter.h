/* SPDX-License-Identifier: MIT */
#pragma once

/* The namespaces in which a user without root is root, one set for all that the user runs at a time. */

#include "base/error.h"

/**
 * rootless_enter() - become root in a user namespace
 *
 * That of the user's commands and supervisors, where there are any; else a new one. The network, control
 * groups, IPC and host name come with it; the mounts are this process's own: /run/flake-containers is what
 * is of ours in $XDG_RUNTIME_DIR, and /sys/fs/cgroup has the user's cgroup. What was opened by a path before
 * lies in mounts that are not this process's any more. There must be one thread. After a failure the process
 * may be anywhere: it can only say so and end.
 *
 * @ret_broker_fd: for host_socket_adopt().
 */
int rootless_enter(int *ret_broker_fd, Error *reterr);
