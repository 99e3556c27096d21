/* SPDX-License-Identifier: MIT */
#pragma once

/* The control group of a machine on a host that systemd does not manage, cgroups(7):
 *
 *     <cgroup2 mount>/flake-containers/<machine>/runner   the supervisor and its helpers
 *     <cgroup2 mount>/flake-containers/<machine>/nspawn   systemd-nspawn; it makes supervisor/ and payload/
 *
 * It is made when the machine starts, by the command, and removed when it has ended, by the command that
 * asked for the end or that finds it left behind; in between only nspawn/ is made anew, at each reboot.
 * It is never used for a second start: one that was delegated to another uid range cannot be ("Failed to
 * create /init.scope control group: Permission denied"). Its `populated` bit is the truth about "is it
 * running", its cgroup.kill the way to end everything that a machine consists of. (Where systemd manages
 * the host, keeper/machine-unit.h opens the cgroup of the machine's unit, which has what nspawn/ has
 * here.) */

#include <sys/types.h>

#include "base/error.h"
#include "base/own-cgroup.h"

/* A process that waits for a disk stands still when that has answered. */
#define CGROUP_FREEZE_USEC (20 * USEC_PER_SEC)

/* Thawing takes some milliseconds. */
#define CGROUP_THAW_USEC (5 * USEC_PER_SEC)

/* The machine's cgroup directory, or `*ret_fd = -EBADF` when there is none. */
int cgroup_open(const char *mount, const char *machine, int *ret_fd, Error *reterr);

/* Where the machine is, below the cgroup2 mount. Owned by the caller. */
char *cgroup_path(const char *machine);

/* Likewise the payload. */
char *cgroup_payload_path(const char *machine);

/* The names of all machines that have a cgroup; owned by the caller, NULL when there are none. */
int cgroup_list(const char *mount, char ***ret, Error *reterr);

/* Makes the machine's cgroup with runner/ and nspawn/; it must not exist. Return: the directory's fd. */
int cgroup_create(const char *mount, const char *machine, Error *reterr);

/* Makes the child `name` of a cgroup, e.g. nspawn/ again after a reboot of the guest. */
int cgroup_create_child(int fd, const char *name, Error *reterr);

/* What systemd-nspawn does in its own cgroup, for a program in its place: makes supervisor/ with the calling
 * process in it, and payload/. With a process beside them the payload could not be given controllers.
 * Return: the fd of payload/. */
int cgroup_divide(Error *reterr);

/* Moves the calling process into the child `name`, "." for the cgroup itself. Takes milliseconds: see
 * own_cgroup_fork(). */
int cgroup_enter(int fd, const char *name, Error *reterr);

/**
 * cgroup_expect_moves() - begin the wait that the next move of a process between cgroups would have
 *
 * A move takes the kernel's cgroup_threadgroup_rwsem, whose first writer in a while waits for a grace period
 * of RCU, 5 to 20 ms; the writers shortly after it do not. nspawn moves its payload, a guest's systemd
 * itself and what it starts, and each may be the first. This moves the calling process to where it is, the
 * child `name`, which changes nothing and begins that period: for a process that would only wait meanwhile.
 */
void cgroup_expect_moves(int fd, const char *name);

/* The child `name` as a directory, for own_cgroup_fork(). */
int cgroup_open_child(int fd, const char *name, Error *reterr);

/**
 * cgroup_enable() - turn controllers on for the children of a machine's cgroup
 * @controllers: "memory", "cpu", ...
 *
 * That takes every cgroup from the top of the tree on, and stays for the ones above the machine: other
 * machines may need it, and by itself it limits nothing.
 */
int cgroup_enable(const char *mount, const char *machine, char *const *controllers, Error *reterr);

/* Turns all of them off again in a cgroup and everywhere below it. */
int cgroup_disable_all(int fd, Error *reterr);

/* Writes attributes of the child `name`. @settings: "FILE=VALUE", may be NULL. FC_EXIT_HOST when the kernel
 * has no such file. */
int cgroup_set(int fd, const char *name, char *const *settings, Error *reterr);

/* Whether the child `name` has the file of such a setting: its controller is turned on, and the kernel has
 * it. */
bool cgroup_has(int fd, const char *name, const char *setting);

/* Reads `file` of the child `name`. @ret: owned by the caller. -ENOENT and -ENODEV (removed while it was
 * open) come without an Error. */
int cgroup_read_file(int fd, const char *name, const char *file, char **ret, Error *reterr);

/* Is any process in it or below it? */
int cgroup_populated(int fd, bool *ret, Error *reterr);

/* Are all of them frozen, whether by itself or with a cgroup above? */
int cgroup_frozen(int fd, bool *ret, Error *reterr);

/* Both at once; where there are none, none is frozen. */
int cgroup_populated_or_frozen(int fd, bool *ret_populated, bool *ret_frozen, Error *reterr);

/* Freezes it with all that is in it and below it. Return: 1 all of that stands still, 0 the time has passed
 * and it is left to the caller to thaw it. It may be gone: -ENODEV. */
int cgroup_freeze(int fd, uint64_t timeout_usec, Error *reterr);

/* Thaws this cgroup itself. Return: 1 it is not frozen now, 0 it still is: a cgroup above it is, or the
 * time has passed. */
int cgroup_thaw(int fd, uint64_t timeout_usec, Error *reterr);

/* Whether that would help. */
int cgroup_frozen_by_itself(int fd, bool *ret, Error *reterr);

/* Has the kernel killed something of the child `name` for want of memory? */
bool cgroup_ran_out_of_memory(int fd, const char *name);

/* Killing takes a millisecond, in the worst case seen a hundred. */
#define CGROUP_KILL_USEC (10 * USEC_PER_SEC)

/* SIGKILL to all that is in `name` ("." for the cgroup itself) and below, forks included. */
int cgroup_kill(int fd, const char *name, Error *reterr);

/* Waits for `populated 0` of `name`. Return: 1 empty, 0 when the time passed, negative errno. */
int cgroup_wait_empty(int fd, const char *name, uint64_t timeout_usec, Error *reterr);

/* Removes the child `name` and what is below it, depth first. It must be empty of processes. */
int cgroup_remove_child(int fd, const char *name, Error *reterr);

/* Removes the machine's cgroup; a missing one is success. `flake-containers/` goes with the last machine. */
int cgroup_remove(const char *mount, const char *machine, Error *reterr);
