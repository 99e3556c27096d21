/* SPDX-License-Identifier: MIT */
#pragma once

/* The directory of a named volume, made once: a copy of what it covers in the container's root. */

#include "rootfs/covered.h"

/**
 * volume_tree_open() - open a volume
 * @volumes_fd: the directory of all of them
 * @ret_fd: for reading; -EBADF: there is none
 */
int volume_tree_open(int volumes_fd, const char *name, int *ret_fd, Error *reterr);

/* The ids of the two sides of a copy, mount-maps.h. */
typedef struct VolumeIds {
        int covered_fd, volume_fd;
} VolumeIds;

/**
 * volume_tree_make() - make a volume that is not there
 * @covered: what it begins as
 * @ids: where files have other ids in the volume than in the root; NULL: they have the same
 *
 * It is complete or not there at all, see aside.h. One command at a time. Blocks while it copies, until a
 * signal: see tree_copy(). Return: an fd for reading.
 */
int volume_tree_make(int volumes_fd, const char *name, const Covered *covered, const VolumeIds *ids,
                     Error *reterr);
