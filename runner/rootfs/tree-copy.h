/* SPDX-License-Identifier: MIT */
#pragma once

/* Copying a directory with all that it contains, as `cp -a` would, but by descriptors alone: a process
 * that can write to the copy meanwhile can change the copy and nothing else. No program is started. */

#include "base/error.h"

typedef struct TreeCopied {
        uint64_t bytes; /* of the disk that the original takes */
        uint64_t files; /* of any kind, each once */
} TreeCopied;

typedef struct TreeCopyOptions {
        void (*watch)(const TreeCopied *so_far, void *userdata); /* after each file; may be NULL */
        void *userdata;
        TreeCopied *copied; /* is added to; may be NULL */
} TreeCopyOptions;

/**
 * tree_copy() - fill an empty directory
 * @from_fd, @to_fd: opened for reading; @to_fd also gets the owner, mode and times of @from_fd
 * @options: may be NULL
 * @name: of what is copied, for messages
 *
 * Kept are holes, hard links within the tree, owners, modes, times, extended attributes (ACLs and
 * capabilities are such), special files and sockets. Contents are shared with the original where the file
 * system can do that. Mount points are copied with what is mounted there. No depth is too much: a fixed
 * number of descriptors is used. A pending SIGINT, SIGTERM or SIGHUP, which the caller has blocked, is
 * FC_EXIT_INTERRUPTED.
 */
int tree_copy(int from_fd, int to_fd, const TreeCopyOptions *options, const char *name, Error *reterr);
