/* SPDX-License-Identifier: MIT */
#pragma once

/* Commands of the specification that run on the host: as the developer, never as root, in the project's root
 * and with the variables of `env`. They run without any lock, so they may use this program. */

#include "context/project.h"

/* After a fleet has come up, of those that it has made ready. @r: how it went. Return: that, or the exit
 * status of the first hook that failed, where it went well. Their errors have been printed. */
int hooks_run_after_ready(Project *project, char *const *ready, int r);

/* Likewise of those that run and are going to be stopped, which no hook prevents, but an interrupt does.
 * Return: the exit status, or a negative errno. */
int hooks_run_before_down(Project *project, char *const *names, Error *reterr);
