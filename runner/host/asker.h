/* SPDX-License-Identifier: MIT */
#pragma once

/* The environment of the user who asked. sudo and its like hand next to nothing of it on to a run as root,
 * and it can be full of secrets: so the first run leaves a process that tells it to root only, over a socket
 * and once. Nothing of it stands in an argument, a file, or another process's environment. */

#include "host/user.h"

/**
 * asker_serve() - before this program is executed again as root
 * @ret_address: for asker_new() in that run; not a secret. Owned by the caller
 *
 * The process that answers ends when it has, and when this one does.
 */
int asker_serve(char **ret_address, Error *reterr);

typedef struct Asker Asker;

/* @address: borrowed; NULL: there was no other run before this one. */
Asker *asker_new(const char *address, const InvokingUser *user);
Asker *asker_free(Asker *a);
DEFINE_FREEP(Asker, asker_free);

/* Whether it is the user's own environment. If not, as when the user has typed "sudo" already, it is that of
 * this process, with a home and a name that are the user's. */
bool asker_is_whole(const Asker *a);

/* @ret: K=V; borrowed from @a. Asks once. FC_EXIT_HOST: there is no answer, or not that user's. */
int asker_environment(Asker *a, char *const **ret, Error *reterr);

/* For a program that runs as a user who has not asked, and whom nothing of root's environment is for:
 * the account, a PATH, and what says how to write. Owned by the caller. */
char **asker_bare_environment(const InvokingUser *user);
