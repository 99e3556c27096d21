/* SPDX-License-Identifier: MIT */
#pragma once

/* An entry of a tar archive as POSIX.1-2001 describes it: ustar headers, and records of type 'x' for what
 * does not fit into one. Pure. */

#include <sys/types.h>

#include "base/error.h"

#define TAR_BLOCK 512

/* How much of a file is read and written at a time. */
enum { TAR_CHUNK_SIZE = 256 * 1024 };

/* Longer names, and maps of holes with more parts, are refused. */
#define TAR_NAME_MAX   4095
#define TAR_EXTENT_MAX (UINT32_C(1) << 16)

/* The character that a header has for it. */
typedef enum TarType {
        TAR_FILE = '0',
        TAR_HARD_LINK = '1',
        TAR_LINK = '2',
        TAR_CHARACTER = '3',
        TAR_BLOCK_DEVICE = '4',
        TAR_DIRECTORY = '5',
        TAR_FIFO = '6',
} TarType;

/* A part of a file that is not a hole. */
typedef struct TarExtent {
        uint64_t offset, size;
} TarExtent;

/* An extended attribute, see xattr(7). */
typedef struct TarAttribute {
        char *name;
        void *value;
        size_t size;
} TarAttribute;

typedef struct TarEntry {
        TarType type;
        char *path; /* relative, normalised: no ".", ".." or empty part; "" is the top itself */
        char *link; /* of a hard link like `path`, of a symbolic one as it is */
        mode_t mode;
        uint32_t uid, gid;
        int64_t mtime;
        uint64_t size;      /* of a file, holes included */
        TarExtent *extents; /* of a file, in order; they follow each other in the archive */
        size_t n_extents;
        TarAttribute *attributes; /* that are written; what reads leaves them out */
        size_t n_attributes;
} TarEntry;

void tar_entry_done(TarEntry *entry);

/* What of a file is in the archive. */
uint64_t tar_entry_stored(const TarEntry *entry);

/* The word for it in a message. */
const char *tar_type_to_string(TarType type);

/**
 * tar_normalise() - a name of an archive as a path below where it is unpacked
 *
 * A "/" before it and all "." are left out. Return: owned by the caller; NULL when it has a "..".
 */
char *tar_normalise(const char *name);
