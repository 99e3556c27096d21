/* SPDX-License-Identifier: MIT */
#pragma once

/* Containers that are up for as long as this process lives: by the process of ops/holder.h, which is root's,
 * and a child of this one or of sudo. */

#include "ops/holder.h"

typedef struct Held {
        pid_t pid; /* of the child; 0: it has ended */
        int life_fd;
        char **variables; /* that it has told */
} Held;

#define HELD_NULL ((Held){.life_fd = -EBADF})

/**
 * held_start() - start that process, and wait until the containers are ready
 *
 * Return: FC_EXIT_OK, or its exit status when they are not, and then it has said why and has ended; or a
 * negative errno. An interrupt in the meantime is that process's.
 */
int held_start(const ProjectRequest *request, const HolderOptions *options, char *const *names, Held *ret,
               Error *reterr);

/* Of what it has told: the name of the fresh instance; NULL: it is none. Owned by @held. */
const char *held_instance(const Held *held);

/**
 * held_end() - let it put all away, and wait for that
 * @status: how the command went: an exit status, or a negative errno of which @reterr tells
 *
 * Return: that, or how this went where the command went well; the error of this is printed otherwise.
 */
int held_end(Held *held, const ProjectRequest *request, int status, Error *reterr);

/* In the child, once it is root: it is the holder, by its standard streams. */
int held_serve(const ProjectRequest *request, const HolderOptions *options, char *const *names,
               Error *reterr);

/* The options of both verbs that do so, and what is wrong with their operands. */
int held_check(const ProjectRequest *request, const char *verb, const HolderOptions *options, Error *reterr);
