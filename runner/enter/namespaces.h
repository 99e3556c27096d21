/* SPDX-License-Identifier: MIT */
#pragma once

/* Getting into a running container, given the pid of its leader (the container's PID 1, in our numbers).
 * Everything that is needed of it is opened once, as descriptors, and the pid is not used again: so a
 * process that has been given the same pid since is never entered. */

#include <sys/types.h>

#include "enter/id-map.h"

typedef struct EnterTarget {
        pid_t leader; /* for names below /proc/LEADER only */
        int pidfd;
        int proc_fd;           /* /proc/LEADER */
        int root_fd;           /* its root directory, O_PATH: paths below it with root_open() only */
        int namespaces;        /* CLONE_NEW*: those that are not our own */
        bool in_network_above; /* the network among these cannot be joined: base/network-above.h */
        IdMap uids, gids;
} EnterTarget;

#define ENTER_TARGET_NULL ((EnterTarget){.pidfd = -EBADF, .proc_fd = -EBADF, .root_fd = -EBADF})

/* FC_EXIT_NOT_RUNNING when there is no such process (any more). */
int enter_target_open(pid_t leader, EnterTarget *ret, Error *reterr);
void enter_target_done(EnterTarget *target);

/* Whether the leader still runs; a zombie does not. */
bool enter_target_is_alive(const EnterTarget *target);

/* Whether the leader is systemd, by the name it gives itself. */
bool enter_target_is_systemd(const EnterTarget *target);

/* Before a PID 1 has given itself its name, also after a reboot from inside, there is no telling what it
 * will be: one that is younger than this. */
#define ENTER_UNSURE_USEC USEC_PER_SEC

/* Whether the leader is systemd, or may become it. @boots: the payload is an init. */
bool enter_target_may_be_systemd(const EnterTarget *target, bool boots);

/* Whether it has become what systemd ends as. */
bool enter_target_is_shutting_down(const EnterTarget *target);

/* Reads a file of the leader's directory in /proc; `ret_size` may be NULL. */
int enter_target_read(const EnterTarget *target, const char *file, char **ret, size_t *ret_size,
                      Error *reterr);

/* The leader's first child, in our numbers; 0: it has none. */
pid_t enter_target_first_child(const EnterTarget *target);

/**
 * enter_join() - put the calling process into the container; for a freshly forked child
 * @namespaces: which, of the target's; CLONE_NEWPID takes effect for children only (setns(2))
 *
 * The user namespace is among them whenever the container has one of its own, as it gives the right to
 * join the others. With CLONE_NEWNS the root and the working directory become the container's. The
 * credentials are left alone: see privilege_become_root(). Async-signal-safe. Return: 0 or a negative errno.
 */
int enter_join(const EnterTarget *target, int namespaces);

/* socket(2) in the container's network, without leaving ours for longer than that. Return: an O_CLOEXEC,
 * non-blocking fd, or a negative errno (-ESRCH: the container has ended). */
int enter_socket(const EnterTarget *target, int family, int type);

/**
 * enter_call() - run a function inside the container, as its root, in a child process
 * @namespaces: as for enter_join(); CLONE_NEWPID gives the child a pid that exists in the container
 * @work: returns 0 or a negative errno; async-signal-safe, and needs little stack
 * @ret_result: what it returned
 *
 * Waits for its end.
 */
int enter_call(const EnterTarget *target, int namespaces, int (*work)(void *userdata), void *userdata,
               int *ret_result, Error *reterr);
