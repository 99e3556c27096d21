/* SPDX-License-Identifier: MIT */
#pragma once

/* Running a program in a container that is up, with our standard streams or a terminal: what "exec" and
 * "shell" do.
 *
 * In a guest with systemd the program is a transient service of the guest's manager: it has the guest's
 * limits, shows in its journal, and ends with it. In any other container it is a process put into the
 * container's namespaces and cgroup. To the caller both look the same. */

#include <sys/types.h>

#include "base/error.h"

typedef enum TtyMode {
        TTY_AUTO, /* a terminal when our standard input and output are terminals */
        TTY_NEVER,
        TTY_ALWAYS,
} TtyMode;

typedef struct ExecRequest {
        const char *container; /* name, for messages */
        pid_t leader;          /* the container's PID 1, in our numbers */
        bool boots;            /* its payload is an init */
        int cgroup_fd;     /* directory of the payload's cgroup, for containers without systemd; borrowed */
        char *const *argv; /* not used with `login_shell` */
        const char *user;  /* name or number inside; NULL: root */
        const char *directory;    /* absolute, inside; NULL: "/", or the user's home for a login shell */
        char *const *environment; /* K=V, on top of what a login of the user has */
        TtyMode tty;
        bool login_shell; /* the user's shell, as a login shell, instead of `argv` */
} ExecRequest;

#define EXEC_REQUEST_DEFAULT ((ExecRequest){.cgroup_fd = -EBADF})

/**
 * container_exec() - run a program in a container and wait for its end
 * @ret_stopped: the container stopped, and the program with it; the status is then that of a killed program
 *
 * Blocks, with an event loop of its own. Standard input, output and error must be open. While it runs
 * SIGPIPE is ignored, and SIGINT, SIGQUIT, SIGTERM and SIGHUP are passed on; after the last two (and when
 * this process is killed) the program is ended if it does not end by itself. Our terminal is put back as it
 * was.
 *
 * The output has been written when this returns. Processes that the program leaves behind end with it where
 * there is systemd.
 *
 * Return: the status to exit with: the program's, or 128 + n when signal n killed it. Else a negative errno,
 * and the error's exit code is one of FC_EXIT_NOT_FOUND, FC_EXIT_NOT_EXECUTABLE, FC_EXIT_NOT_RUNNING,
 * FC_EXIT_USAGE and FC_EXIT_EXEC_OWN.
 */
int container_exec(const ExecRequest *request, bool *ret_stopped, Error *reterr);
