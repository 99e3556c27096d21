/* SPDX-License-Identifier: MIT */
#pragma once

/* A signal for what runs inside, from outside. What the container makes of it is its own affair: when it
 * ends by one, it has ended by itself. */

#include "context/project.h"

/**
 * kill_parse_signal() - read "SIGHUP", "HUP" or "1", and "SIGRTMIN+4"
 *
 * FC_EXIT_USAGE for what is not a signal, and for SIGSTOP. Pure.
 */
int kill_parse_signal(const char *text, int *ret, Error *reterr);

/* To the command of each container, or to its PID 1 where it has an init. All must run. Return: the exit
 * status, or a negative errno. */
int kill_run(Project *project, char *const *names, int signal, Error *reterr);
