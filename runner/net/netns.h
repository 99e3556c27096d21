/* SPDX-License-Identifier: MIT */
#pragma once

/* Network namespaces that have a name: each is mounted on a file of NETNS_DIR, as ip-netns(8) does it, which
 * keeps it while no process is in it. */

#include "base/error.h"

#define NETNS_DIR "/run/flake-containers/netns"

/* Return: 0, and *ret_fd is -EBADF where there is none. */
int netns_open(const char *name, int *ret_fd, Error *reterr);

/**
 * netns_make() - open a namespace, which is made where there is none
 *
 * Several processes may call it at the same time: they get the same one. Return: an fd.
 */
int netns_make(const char *name, Error *reterr);

/* Takes its name and its mounts away, also those in other mount namespaces. The kernel takes it apart some
 * time after the last process has left it. A missing one is success. */
int netns_remove(const char *name, bool *ret_removed, Error *reterr);

/* All names; owned by the caller, NULL: there are none. */
int netns_list(char ***ret, Error *reterr);

/**
 * netns_enter() - move the calling process into a namespace for a moment
 *
 * Return: an fd for netns_leave(), which must follow.
 */
int netns_enter(int fd, Error *reterr);

/* @fd: is closed. In the wrong network nothing that comes next would be right: where the way back fails the
 * process ends. */
void netns_leave(int fd);
