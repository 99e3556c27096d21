/* SPDX-License-Identifier: MIT */
#pragma once

/* `with -H`: containers are up there as long as a command runs here, which reaches them by its variables and
 * by the same ports of localhost. */

#include "remote/there.h"
#include "screen/progress.h"

/**
 * with_there() - run it
 * @words: `with` and its options, there, without a command
 * @names: of containers; NULL: all
 * @command: of the developer's, here
 *
 * The session there has a pipe of ours as its input, of which the other side sees the end whatever ends
 * this process: then what was started is put away. Return: the command's exit status, or that of `with`
 * there when the containers are not ready; or a negative errno.
 */
int with_there(const There *there, char *const *words, char *const *names, char *const *command,
               Progress *progress, Error *reterr);
