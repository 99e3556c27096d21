/* SPDX-License-Identifier: MIT */
#pragma once

/* /run/flake-containers/ID/: what a project needs only until the next reboot.
 *
 *     project.path      the directory of the project that the id stands for (state/checkout.h), from the
 *                       first `up` since the host was booted on
 *     @project.lock     see lock.h
 *     NAME.lock
 *     NAME/             records of one container
 *     NAME/sockets/     its published Unix sockets, each in a folder of its name
 *
 * It belongs to root. The project's owner may read it, for `status` without root. Other users may not,
 * since they could hold a lock. A container's name has neither dots nor '@', so that files of the project
 * with one of these in their name cannot be taken for a container's. Sockets in NAME/ are reached through
 * fs_proc_fd(): with the longest names their path does not fit into a sockaddr_un. */

#include <sys/types.h>

#include "state/checkout.h"

#define RUNTIME_DIR_BASE "/run/flake-containers"

/* `base` is RUNTIME_DIR_BASE but in tests; its parent exists. */

/* The project's directory, or `*ret_fd = -EBADF` when there is none; for what is opened in it. */
int runtime_dir_open(const char *base, const char *id, int *ret_fd, Error *reterr);

/* The same, made when it is missing. @owner: who may read it beside root. Return: the fd. */
int runtime_dir_make(const char *base, const char *id, uid_t owner, Error *reterr);

/**
 * runtime_dir_claim() - note that the id stands for this project
 * @fd: from runtime_dir_make(); LOCK_PROJECT is held
 * @checkout: the project's directory
 * @in_use: does anything run whose machine name begins with the id?
 *
 * FC_EXIT_CONFLICT when the id stands for another directory and is in use: then the two paths have the same
 * four digits of hash. Not in use, it is taken over. The same directory at another path keeps the path that
 * it had while it is in use.
 */
int runtime_dir_claim(int fd, const char *id, const Checkout *checkout, bool in_use, Error *reterr);

/* The ids of all that have a directory, in no order. @ret: owned by the caller, NULL: there are none. */
int runtime_dir_list(const char *base, char ***ret, Error *reterr);

/* Keeps other callers of it out until the fd is closed. @ret_fd: -EBADF: there is no base. FC_EXIT_CONFLICT
 * when another caller has not closed its own in that time. */
int runtime_dir_lock_base(const char *base, uint64_t timeout_usec, int *ret_fd, Error *reterr);

/**
 * runtime_dir_remove() - remove a project's directory, which is gone from one moment on
 *
 * The caller holds all locks in it, and the base's. Killed, it leaves what runtime_dir_finish() removes.
 */
int runtime_dir_remove(const char *base, const char *id, Error *reterr);

/* @dry_run: remove nothing. @ret: the paths of what was left, owned by the caller, NULL: nothing. */
int runtime_dir_finish(const char *base, bool dry_run, char ***ret, Error *reterr);

/* What the id of the directory @fd stands for. Return: false when that is not known. */
bool runtime_dir_read_claim(int fd, Checkout *ret);

/* Whose machine it is: the directory, and in @machine the container's name. Return: false when that is not
 * known. */
bool runtime_dir_find_owner(const char *base, const char *machine, Checkout *ret,
                            const char **ret_container);

/* The root of the project with that id; owned by the caller, NULL when it is not known. For messages. */
char *runtime_dir_find_project(const char *base, const char *id);

/* ID/NAME/, or `*ret_fd = -EBADF` when there is none; for what is opened in it. */
int runtime_dir_container_open(int fd, const char *name, int *ret_fd, Error *reterr);

/* The same, made when it is missing. @owner: who may read it beside root. Return: the fd. */
int runtime_dir_container_make(int fd, const char *name, uid_t owner, Error *reterr);

#define RUNTIME_DIR_SOCKETS "sockets"

/* Makes sockets/SOCKET in ID/NAME/, for the same owner. */
int runtime_dir_socket_make(int container_fd, const char *socket, uid_t owner, Error *reterr);
