/* SPDX-License-Identifier: MIT */
#pragma once

/* Where a root is that lives as long as its container runs: `.containers/NAME/ephemeral/`, on the disk,
 * since in memory it would count against the container's limits. The process that ends the container removes
 * it; the next command removes what a crash leaves. */

#include "base/error.h"

#define EPHEMERAL_DIR "ephemeral"

/* @container_fd: the container's directory. Return: the directory, empty. */
int ephemeral_make(int container_fd, Error *reterr);

int ephemeral_exists(int container_fd, bool *ret, Error *reterr);

/* A missing one is success. */
int ephemeral_remove(int container_fd, Error *reterr);
