/* SPDX-License-Identifier: MIT */
#pragma once

/* `.containers/` at the project root: all that the containers of a project keep.
 *
 *     .containers/{.gitignore,CACHEDIR.TAG,state.json}
 *     .containers/NAME/{state.json,root/,journal/,console.log}
 *     .containers/volumes/VOLUME/
 *
 * It is made as the user whose tree it is (user_for_owner()), also because root may not write to a home on
 * NFS; root/ and journal/ belong to root and are made by others. Nothing is reached through a symbolic
 * link. */

#include "base/error.h"
#include "base/paths.h"
#include "host/user.h"

#define STATE_DIR_VOLUMES "volumes"

typedef struct StateDir {
        char *root; /* the project root */
        int root_fd;
        int fd;            /* .containers/, or -EBADF: there is none */
        InvokingUser user; /* who makes files in it */
        char *instance;    /* of a fresh instance, whose directory `fd` is (instance-dir.h), its name */
        char *git_index; /* the index that was seen not to track it, see ProjectState; NULL: none was looked
                            at */
} StateDir;

#define STATE_DIR_NULL ((StateDir){.root_fd = -EBADF, .fd = -EBADF})

/**
 * state_dir_open() - the state of a project, if it has any
 * @root: a real path
 * @ret: to be emptied by state_dir_done()
 *
 * A missing `.containers` is the expected outcome `fd` == -EBADF. FC_EXIT_CONFLICT when it is a symbolic
 * link or not a directory.
 */
int state_dir_open(const char *root, const InvokingUser *invoking, StateDir *ret, Error *reterr);
void state_dir_done(StateDir *dir);

/* Makes `.containers` with its .gitignore and CACHEDIR.TAG where they are missing. May run at the same time
 * as another one, and after one that was killed. The same refusals as state_dir_open(), and also
 * when git tracks it or anything in it. */
int state_dir_make(StateDir *dir, Error *reterr);

/* FC_EXIT_CONFLICT when git tracks it or anything in it. */
int state_dir_refuse_tracked(const StateDir *dir, Error *reterr);

/* Has state_dir_make() made it, or used it? */
bool state_dir_is_tagged(const StateDir *dir);

/* `.containers/NAME/`. A missing one is `*ret_fd = -EBADF`, also when there is no `.containers`. */
int state_dir_container_open(const StateDir *dir, const char *name, int *ret_fd, Error *reterr);

/* The same, made when it is missing; `.containers` exists. Return: the fd. */
int state_dir_container_make(const StateDir *dir, const char *name, Error *reterr);

/* `.containers/volumes/`, made when it is missing; `.containers` exists. Return: the fd. */
int state_dir_volumes_make(const StateDir *dir, Error *reterr);

/* The names of all volumes that there are; as below. */
int state_dir_volumes_list(const StateDir *dir, char ***ret_names, Error *reterr);

/* The names of all containers that have a directory, sorted, also of those that no specification has any
 * more. Owned by the caller; NULL when there are none. */
int state_dir_list(const StateDir *dir, char ***ret_names, Error *reterr);
