/* SPDX-License-Identifier: MIT */
#pragma once

/* What a fresh mount covers in the container's root, and begins as: owner, mode and content of that
 * place. */

#include <sys/types.h>

#include "base/error.h"

typedef struct Covered {
        int fd; /* the directory, opened for reading; -EBADF: there is none */
        mode_t mode;
        uid_t uid; /* as inside */
        gid_t gid;
} Covered;

void covered_done(Covered *c);

/**
 * covered_open() - look at a place in a root
 * @root_fd: a root in which ids are as inside; -EBADF: there is none yet
 * @path: absolute; links on the way stay in the root, whatever the container has put there
 * @ret: of a directory that is not there, and of /tmp in any case, the container's root is the owner, and
 * the mode 1777 of /tmp and /var/tmp, else 0755
 */
int covered_open(int root_fd, const char *path, Covered *ret, Error *reterr);
