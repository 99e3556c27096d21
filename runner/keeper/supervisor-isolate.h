/* SPDX-License-Identifier: MIT */
#pragma once

/* Where the supervisor lives: a PID namespace and a mount namespace of its own.
 *
 * The PID namespace is the guarantee that nothing is left: when its init, the supervisor, ends for whatever
 * reason, kill -9 included, the kernel kills all that was started in it. (A SIGKILL of systemd-nspawn alone
 * otherwise leaves the payload alive and its directory unlocked.) The mount namespace holds what a machine
 * is made of under one fixed private path, so that nspawn's arguments contain no path of the user's, and a
 * cgroup2 tree at the place where nspawn looks for it, on hybrid hosts too. */

#include "keeper/supervisor-options.h"

/**
 * isolate() - enter the namespaces
 * @ret_host_proc: the host's /proc, in which numbers of pids are the host's; owned by the caller
 *
 * Forks: only the child, PID 1 of the namespace and leader of a session of its own, returns; the caller's
 * process exits 0 as soon as the child exists, or returns with an error.
 */
int isolate(const SupervisorOptions *o, int *ret_host_proc, Error *reterr);
