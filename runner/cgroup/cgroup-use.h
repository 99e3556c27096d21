/* SPDX-License-Identifier: MIT */
#pragma once

/* What the processes of a control group use, as far as the kernel counts it there: it counts the time of
 * processors always, the rest where the controller is turned on in the second version of cgroups. */

#include "base/error.h"

#define CGROUP_USE_UNKNOWN UINT64_MAX

typedef struct CgroupUse {
        uint64_t cpu_usec;      /* of all processors, since it was made */
        uint64_t memory;        /* bytes; with the page cache of its files */
        uint64_t memory_max;    /* its limit; unknown also where it has none */
        uint64_t tasks;         /* processes and threads */
        uint64_t read, written; /* bytes from and to disks */
} CgroupUse;

/* @fd: a payload's, also where the one that nspawn makes around it is what is counted. One that is gone uses
 * nothing that is known. */
void cgroup_use_read(int fd, CgroupUse *ret);

/* Only that, of the same. */
uint64_t cgroup_use_read_memory(int fd);

/* Of the same: has the kernel killed a process for want of memory? False also where it does not count. */
bool cgroup_use_ran_out(int fd);
