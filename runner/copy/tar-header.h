/* SPDX-License-Identifier: MIT */
#pragma once

/* A block of a tar archive that stands before an entry's data, as ustar has it. */

#include "copy/tar.h"

/* Types of headers that say something about the next one. */
enum {
        TAR_EXTENDED = 'x',
        TAR_GLOBAL = 'g',
        TAR_LONG_NAME = 'L', /* of GNU's, as the next one */
        TAR_LONG_LINK = 'K',
        TAR_CONTIGUOUS = '7', /* a file */
        TAR_OLD_FILE = '\0',
};

typedef struct TarHeader {
        char name[100];
        char mode[8];
        char uid[8];
        char gid[8];
        char size[12];
        char mtime[12];
        char checksum[8];
        char type;
        char link[100];
        char magic[6];
        char version[2];
        char user[32];
        char group[32];
        char major[8];
        char minor[8];
        char prefix[155];
        char unused[12];
} TarHeader;

_Static_assert(sizeof(TarHeader) == TAR_BLOCK, "a header is a block");

/* The sum of its bytes, with blanks in place of the checksum. */
static inline unsigned tar_header_sum(const TarHeader *h) {
        const unsigned char *bytes = (const unsigned char *) h;
        unsigned sum = 0;

        for (size_t i = 0; i < sizeof(*h); i++)
                sum += i >= offsetof(TarHeader, checksum) && i < offsetof(TarHeader, type) ? ' ' : bytes[i];
        return sum;
}
