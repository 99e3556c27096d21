/* SPDX-License-Identifier: MIT */
#pragma once

/* Writing tar: what stands before the data of an entry, and after it. Pure. */

#include "copy/tar.h"

/**
 * tar_print() - the header of an entry, with what does not fit into one
 * @entry: the extents of a file with holes are written as GNU tar does in its format 1.0; its `path` is
 *         taken as it is
 * @ret_size: a multiple of TAR_BLOCK
 *
 * tar_entry_stored() bytes of data follow, and tar_padding() of zeros. Return: owned by the caller.
 */
char *tar_print(const TarEntry *entry, size_t *ret_size);

size_t tar_padding(uint64_t stored);

/* What an archive ends with: so many zeros. */
#define TAR_END_SIZE (2 * TAR_BLOCK)
