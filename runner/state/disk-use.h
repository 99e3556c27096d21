/* SPDX-License-Identifier: MIT */
#pragma once

/* How much of the disk something takes. */

#include "base/error.h"

/* From here on `doctor` and `up` warn. */
#define DISK_FULL_PERCENT 90

/**
 * disk_use() - the disk space of a file, or of a directory with all it has
 * @name: one name in the directory; a missing one takes nothing
 *
 * In blocks, so that holes do not count; what has several names counts once; nothing that is mounted below
 * is looked at. Something may run in there: what goes meanwhile is not counted.
 */
int disk_use(int dir_fd, const char *name, uint64_t *ret, Error *reterr);

/* Of the file system of an open directory, as df(1) says it: how much of what users may have is taken, and
 * how many bytes are left. */
int disk_fill(int dir_fd, unsigned *ret_percent, uint64_t *ret_left, Error *reterr);

/* Of the same: whether nothing can be written there, whoever asks. */
bool disk_is_read_only(int dir_fd);

/* "the disk of '.containers' is 93 % full, 2.1 GB are left" from DISK_FULL_PERCENT on; owned by the
 * caller, NULL: there is room, or it is not known. One system call. */
char *disk_describe_full(int dir_fd);
