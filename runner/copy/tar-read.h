/* SPDX-License-Identifier: MIT */
#pragma once

/* Reading tar: ustar, POSIX.1-2001 and GNU's long names and holes (format 1.0), from a source that need not
 * be trusted. Everything else is refused with FC_EXIT_USAGE. */

#include "copy/tar.h"

/* Return: bytes read, 0 at the end, or a negative errno. */
typedef ssize_t (*TarSource)(void *userdata, void *buffer, size_t size);

typedef struct TarReader {
        TarSource source;
        void *userdata;
        bool began;       /* a header was read */
        uint64_t left;    /* data of this entry that was not read yet */
        uint64_t padding; /* what follows it */
} TarReader;

/**
 * tar_read_entry() - the next entry
 * @ret: emptied by tar_entry_done()
 *
 * What was not read of the one before is passed over. Return: 1, 0 at the end of the archive, or a negative
 * errno. An archive that ends before its end is an error.
 */
int tar_read_entry(TarReader *reader, TarEntry *ret, Error *reterr);

/* Fills @buffer with data of the entry, of which at least @size is left. */
int tar_read_data(TarReader *reader, void *buffer, size_t size, Error *reterr);

/* Reads what follows the end of the archive, so that the program that writes it is not told of a reader that
 * has gone. */
void tar_read_rest(TarReader *reader);
