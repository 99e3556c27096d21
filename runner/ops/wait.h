/* SPDX-License-Identifier: MIT */
#pragma once

/* Waiting until containers are ready, stopped or completed. Changes nothing: as root it asks the containers
 * themselves, otherwise it reads what the commands that start them write down. */

#include "context/project.h"
#include "record/phase.h"

/**
 * wait_for() - wait for several containers at once
 * @named: the user has named them; otherwise one with profiles that was not started is left out
 * @word: "ready", "stopped", "completed"; NULL: ready, or completed where the container is one-shot
 * @timeout_usec: of all together; UINT64_MAX: none
 *
 * Errors of single containers have been printed. Return: the exit status of the first, or a negative errno.
 */
int wait_for(Project *project, char *const *names, bool named, const char *word, uint64_t timeout_usec,
             Error *reterr);

/* What a container is waited for. FC_EXIT_USAGE: there is no such word, or that is never so of this
 * container.
 * @spec: may be NULL. Pure. */
int wait_choose(const char *name, const ContainerSpec *spec, const char *word, Phase *ret, Error *reterr);
