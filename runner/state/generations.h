/* SPDX-License-Identifier: MIT */
#pragma once

/* The NixOS systems that a container became ready with: links `.containers/NAME/generations/NUMBER` to their
 * toplevels, which keep them from Nix's garbage collector (state/gc-root.h), too. A link's time is when the
 * system was first ready. */

#include "base/error.h"
#include "host/user.h"

#define GENERATIONS_KEPT 10
#define GENERATION_MAX   1000000000

typedef struct Generation {
        unsigned number; /* from 1 on */
        char *toplevel;
        uint64_t usec; /* CLOCK_REALTIME */
} Generation;

typedef struct Generations {
        Generation *v; /* the oldest first */
        size_t n;
} Generations;

void generations_done(Generations *g);

/* Those of `.containers/NAME`. A name that is not a number's is not one of them. */
int generations_read(int container_fd, Generations *ret, Error *reterr);

const Generation *generations_find(const Generations *g, unsigned number);

/* The one before @number; NULL: there is none. */
const Generation *generations_before(const Generations *g, unsigned number);

/**
 * generations_add() - remember that a container has become ready with a system
 * @container_fd, @container_path, @user, @store: as of gc_root_set()
 * @ret_number: of the newest one where that is of the same system, otherwise of a new one
 *
 * Of those that are too many the oldest go.
 */
int generations_add(int container_fd, const char *container_path, const InvokingUser *user,
                    const char *toplevel, const char *store, unsigned *ret_number, Error *reterr);
