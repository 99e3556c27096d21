/* SPDX-License-Identifier: MIT */
#pragma once

/* Shifting the ids of a tree that is there (plan/shift.h), by root of the host: owners, access control lists
 * and capabilities of files. Nothing else changes, not the times of files, nor set-user-id bits, but that
 * what cannot be changed (chattr(1)) can be from then on.
 *
 * By descriptors: no link is followed, and nothing that is mounted is entered. It may be interrupted at any
 * moment, and done again. */

#include "base/error.h"
#include "plan/shift.h"

typedef struct TreeShift {
        Shift uids, gids;
        ShiftKind kind;
        unsigned pass;
        uint64_t files; /* is added to */
} TreeShift;

/* What a shift cannot take along is FC_EXIT_HOST, with the file: an id that has no place in the other way,
 * or an overlay's note that covers a directory. @dir_fd, @name: of a directory or a file; @whole: and all
 * below it. @path: for messages. Changes nothing. */
int tree_shift_check(int dir_fd, const char *name, bool whole, TreeShift *shift, const char *path,
                     Error *reterr);

/* One pass. FC_EXIT_INTERRUPTED as of tree_copy(). */
int tree_shift(int dir_fd, const char *name, bool whole, TreeShift *shift, const char *path, Error *reterr);

/* Marks of ours on the directory have another name in either way (base/own-mark.h). */
int tree_shift_marks(int dir_fd, const char *name, bool rootless, const char *path, Error *reterr);
