/* SPDX-License-Identifier: MIT */
#pragma once

/* The contents of the kernel's files about cgroups and processes, cgroups(7) and proc_pid_status(5).
 * Pure. */

#include <sys/types.h>

#include "base/macro.h"

/* cgroup.events: whether there are processes, in it or below it. */
bool cgroup_text_populated(const char *events);
bool cgroup_text_frozen(const char *events);

/* memory.events: how often the kernel has killed for want of memory. */
unsigned long cgroup_text_oom_kills(const char *events);

/* cpu.stat: the time that its processes have had, in microseconds. */
uint64_t cgroup_text_cpu_usec(const char *stat);

/* io.stat: the sum of a counter, "rbytes=", over all disks. */
uint64_t cgroup_text_io_bytes(const char *stat, const char *counter);

/* cgroup.procs: the next process, and where the one behind it stands; 0: there are no more. */
pid_t cgroup_text_next_process(const char **procs);

/* A process's status: its pid in the innermost PID namespace, and in how many it is. Return: false when it
 * does not say so. */
bool cgroup_text_innermost_pid(const char *status, pid_t *ret_pid, unsigned *ret_depth);
