/* SPDX-License-Identifier: MIT */
#pragma once

/* The process that keeps containers up for a command, and puts them away when that has ended.
 *
 * It is another one than the command's parent, for two reasons. It is root's, while the command runs as the
 * developer, from a process that has always been the developer's: so its terminal, its environment, its
 * directory and the signals that it gets are what they are without us. And it outlives that process: they
 * share a pipe of which this one only sees the end, so containers are put away whatever ends the other,
 * SIGKILL included. */

#include "context/project.h"

typedef struct HolderOptions {
        bool fresh;   /* an instance of their own */
        bool stays;   /* nothing is put away */
        bool updates; /* what runs becomes what is specified now; it stays */
        char *label;  /* the snapshot that it begins as; NULL: none */
        uint64_t timeout_usec;
} HolderOptions;

/* For the command, which of the project's fresh instances it runs in. */
#define HOLDER_VARIABLE "FC_INSTANCE"

/**
 * holder_run() - bring containers up, tell how they are reached, and wait
 * @names: NULL: all
 * @ready_fd: is told, once they are ready, variables of running/connection.h as NAME=VALUE, and of an
 *   instance first HOLDER_VARIABLE; each ends in a zero byte, and so does the list. It is closed then
 * @life_fd: the end of a pipe that closes when the command has ended
 *
 * Without an instance, what runs already is left running. Interrupts count until all are ready: then only
 * that end does, since Ctrl-C is for the command as well. Return: the exit status, or a negative errno.
 */
int holder_run(const ProjectRequest *request, const HolderOptions *options, char *const *names, int ready_fd,
               int life_fd, Error *reterr);
