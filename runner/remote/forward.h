/* SPDX-License-Identifier: MIT */
#pragma once

/* The ports of containers on another machine, at the same numbers of this one's localhost. Nothing is opened
 * to this machine's network, whatever is published on that one's. */

#include "remote/master.h"
#include "screen/progress.h"

/**
 * forward_read() - what `ssh -L` needs for all that `status --json` tells
 * @status: its text, of the other machine: not trusted
 * @ret: texts ADDRESS:PORT:ADDRESS:PORT; added to, owned by the caller
 * @ret_left: others, such as UDP, that ssh cannot carry; likewise
 *
 * Pure. FC_EXIT_INTERNAL where it is not such a text.
 */
int forward_read(const char *status, size_t size, char ***ret, char ***ret_left, Error *reterr);

/**
 * forward_set() - have the connection carry these and no others, also when this command has ended
 * @wanted: of forward_read()
 *
 * Under the lock "carries", from before @wanted was asked for: another command may have changed it. What is
 * carried already is not disturbed. FC_EXIT_CONFLICT when a port is taken here.
 */
int forward_set(const Master *master, char *const *wanted, Error *reterr);

/* Have it carry these as well, as long as this command works. @ret_added: for forward_drop(), also after a
 * failure; owned by the caller. One that forward_set() has been told of meanwhile is not dropped. */
int forward_add(const Master *master, char *const *wanted, char ***ret_added, Error *reterr);
void forward_drop(const Master *master, char *const *added);

/* Tells of what cannot be carried. */
void forward_say_left(Progress *progress, char *const *left);
