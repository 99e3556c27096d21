/* SPDX-License-Identifier: MIT */
#pragma once

/* A command that runs inside without a terminal, while the event loop goes on. What `exec` does takes a loop
 * of its own: it is done in a child process, which does nothing else. */

#include <sys/types.h>

#include "base/error.h"
#include "base/systemd.h"

typedef struct InsideProgram {
        char *const *argv;
        const char *user;         /* NULL: root */
        char *const *environment; /* K=V, beside what a login has; NULL: nothing */
} InsideProgram;

typedef struct InsideEnd {
        int code, status; /* as in siginfo_t */
        bool stopped;     /* the container is ending, and the command has with it */
} InsideEnd;

typedef struct InsideRequest {
        sd_event *event;
        const char *container; /* all that is pointed to is borrowed until inside_command_new() returns */
        pid_t leader;
        int payload_cgroup_fd;         /* where there is no systemd; may be -EBADF */
        const InsideProgram *programs; /* the first that there is in the container is run */
        size_t n_programs;
        int input_fd; /* what it reads, from where that stands; -EBADF: nothing */

        /* Each line that it writes, on either stream, without its end, and of a long one the beginning; may
         * be NULL. Not safe for a terminal. */
        void (*line)(const char *line, void *userdata);

        /* Called from the loop; may free the command. */
        void (*done)(const InsideEnd *end, void *userdata);
        void *userdata;
} InsideRequest;

typedef struct InsideCommand InsideCommand;

/* Return: 0 or a negative errno. */
int inside_command_new(const InsideRequest *request, InsideCommand **ret);

/* Asks it to end, as `exec` does when it gets SIGTERM: `done` tells when it has. Return: whether it runs. */
bool inside_command_stop(InsideCommand *c);

/* What has not ended is killed: the child leaves what it runs to its guard, which ends that. */
InsideCommand *inside_command_free(InsideCommand *c);
DEFINE_FREEP(InsideCommand, inside_command_free);

/* So many lines are shown of one that has failed. */
#define INSIDE_LINES_MAX 20

/* The last lines that it has written, on either stream, those that are not empty; owned by the caller. Not
 * safe for a terminal. */
char **inside_command_lines(const InsideCommand *c, size_t max);
