/* SPDX-License-Identifier: MIT */
#pragma once

/* /run/flake-containers/ID/: what a project needs only until the next reboot.
 *
 *     project.path      the root of the project that the id stands for
 *     @project.lock     see lock.h
 *     NAME.lock
 *     NAME/             sockets and such of one container
 *
 * It belongs to root. The project's owner may read it, for `status` without root. Other users may not,
 * since they could hold a lock. A container's name has neither dots nor '@', so that files of the project
 * with one of these in their name cannot be taken for a container's. Sockets in NAME/ are reached through
 * fs_proc_fd(): with the longest names their path does not fit into a sockaddr_un. */

#include <sys/types.h>

#include "base/error.h"

#define RUNTIME_DIR_BASE  "/run/flake-containers"
#define RUNTIME_DIR_CLAIM "project.path" /* made by runtime_dir_claim() */

/* `base` is RUNTIME_DIR_BASE but in tests; its parent exists. */

/* The project's directory, or `*ret_fd = -EBADF` when there is none; for what is opened in it. */
int runtime_dir_open(const char *base, const char *id, int *ret_fd, Error *reterr);

/* The same, made when it is missing. @owner: who may read it beside root. Return: the fd. */
int runtime_dir_make(const char *base, const char *id, uid_t owner, Error *reterr);

/**
 * runtime_dir_claim() - note that the id stands for this project
 * @fd: from runtime_dir_make(); LOCK_PROJECT is held
 * @root: the project root's real path
 * @in_use: does anything run whose machine name begins with the id?
 *
 * FC_EXIT_CONFLICT when the id stands for another directory and is in use: then the two paths have the same
 * four digits of hash. Not in use, it is taken over.
 */
int runtime_dir_claim(int fd, const char *id, const char *root, bool in_use, Error *reterr);

/* The root of the project with that id; owned by the caller, NULL when it is not known. For messages. */
char *runtime_dir_find_project(const char *base, const char *id);

/* ID/NAME/, or `*ret_fd = -EBADF` when there is none; for what is opened in it. */
int runtime_dir_container_open(int fd, const char *name, int *ret_fd, Error *reterr);

/* The same, made when it is missing. @owner: who may read it beside root. Return: the fd. */
int runtime_dir_container_make(int fd, const char *name, uid_t owner, Error *reterr);
