/* SPDX-License-Identifier: MIT */
#pragma once

/* `with -H`: containers are up there as long as a command runs here, which reaches them by its variables and
 * by the same ports of localhost. */

#include "remote/there.h"
#include "screen/progress.h"
#include "spec/spec.h"

/**
 * with_there() - run it
 * @spec: what its variables are known by: the other machine could name those that programs here take for
 *   commands
 * @words: `with` and its options, there, without a command
 * @names: of containers; NULL: all
 * @command: of the developer's, here
 *
 * The session there has a pipe of ours as its input, of which the other side sees the end whatever ends
 * this process: then what was started is put away. Return: the command's exit status, or that of `with`
 * there when the containers are not ready; or a negative errno.
 */
int with_there(const There *there, const Spec *spec, char *const *words, char *const *names,
               char *const *command, Progress *progress, Error *reterr);

/* The variables of a JSON object that are of @spec, NAME=VALUE, added to @ret; owned by the caller. Pure. */
int with_read_variables(const Spec *spec, const char *text, size_t size, char ***ret, Error *reterr);
