/* SPDX-License-Identifier: MIT */
#pragma once

/* Programs in the host's network. A program that runs without root is in a network, and among mounts, of the
 * user's own; the broker of its sockets (base/host-socket.h) starts others for it where it has stayed. */

#include "base/scm.h"

/* The most that a program inherits; what comes before is ours. */
#define HOST_EXEC_FDS_MAX (SCM_FDS_MAX - 7)

typedef enum HostExecAs {
        HOST_EXEC_USER, /* as the user, outside of our user namespace */
        HOST_EXEC_ROOT, /* as root in that, which is the user elsewhere; in the cgroup of this process */
        HOST_EXEC_ROOT_HERE,   /* as root, too, and among the mounts of this process; in that of commands */
        HOST_EXEC_ROOT_BESIDE, /* likewise, and among its processes: of host_exec_start() */
} HostExecAs;

/* What the broker is sent, with the descriptors of the same message. */
typedef struct HostExecRequest {
        uint32_t as;     /* HostExecAs */
        uint32_t n_argv; /* of the words, behind the working directory; the rest is the environment */
        uint32_t n_fds;
        int numbers[HOST_EXEC_FDS_MAX]; /* by which the program has them */
} HostExecRequest;

/**
 * host_exec() - execvpe(3), in the host's network
 * @as: does not matter where there is no broker: then it is this process that executes it
 *
 * The program gets each descriptor that is not O_CLOEXEC, the working directory by its path, a session of
 * its own and nothing else of this process, which stays and stands for it: it ends as the program does, and
 * whatever ends it ends the program and its process group, or as root all that it has started.
 *
 * Returns on failure only: a negative errno, -EPIPE: the broker has ended. That the program cannot be
 * executed is said on its standard error, with status 126 or 127.
 */
int host_exec(char *const *argv, char *const *envp, HostExecAs as);

/**
 * host_exec_start() - start a program that is as a child of this process would be, but in the host's network
 * @output_fd: its standard output and error; its input is ours, and it gets no other descriptor
 * @cgroup_fd: where it begins
 * @ret_life_fd: readable once it has ended, host_exec_reap(). To close or to shut it down ends the program
 *
 * It has the namespaces of this process, without those of IPC and of the host name, and the end of this
 * process, as PID 1 of one, ends it as well. There must be a broker.
 *
 * Return: its pid here, which is not that of a child, or a negative errno.
 */
pid_t host_exec_start(char *const *argv, char *const *envp, int output_fd, int cgroup_fd, int *ret_life_fd);

/* Return: how it has ended, as of waitpid(2). What could not be told is that it was killed. */
int host_exec_reap(int life_fd);

/* In the broker: starts a process that runs it. @broker_fd: closed in that. @message: borrowed */
void host_exec_serve(int broker_fd, const HostExecRequest *request, const ScmMessage *message);
