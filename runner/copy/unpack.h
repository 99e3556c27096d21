/* SPDX-License-Identifier: MIT */
#pragma once

/* Making of a tar stream what it holds, below a directory: by descriptors, never through a symbolic link,
 * and nothing outside. A file is complete before it gets its name, so one that is replaced is the old or the
 * new one. */

#include "copy/side.h"
#include "copy/tar-read.h"

typedef struct CopyTarget {
        int dir_fd;
        const char *name;  /* of the archive's top in there; NULL: it is the directory itself */
        const char *text;  /* of the directory, for messages */
        bool keep_owner;   /* as in the archive ... */
        bool as_directory; /* ... or that of the directory; neither: of this process */
        mode_t modes;      /* bits of a mode that are kept */
} CopyTarget;

int copy_unpack(TarReader *reader, const CopyTarget *target, CopySide *side, Error *reterr);
