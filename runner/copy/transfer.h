/* SPDX-License-Identifier: MIT */
#pragma once

/* A copy from one place to another: a process in each, and tar between them. Neither can do what the user,
 * or the container's root, could not; and a guest has no say in what the host's process is told but for the
 * content of files. */

#include "copy/place.h"
#include "copy/side.h"

typedef struct CopyRequest {
        const CopyPlace *from, *to;
        const char *name; /* of what is copied; NULL: what is in it */
        /* Called now and then while it goes on; NULL: not. */
        void (*tick)(uint64_t bytes, uint64_t entries, void *userdata);
        void *userdata;
} CopyRequest;

/**
 * copy_transfer() - copy, and wait for its end
 * @ret_sides: what was read, and what was written; may be NULL. Also filled after a failure
 *
 * SIGINT, SIGTERM and SIGHUP, which the caller has blocked, end it with FC_EXIT_INTERRUPTED. What was
 * complete by then stays.
 */
int copy_transfer(const CopyRequest *request, CopySide ret_sides[2], Error *reterr);
