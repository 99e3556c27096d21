/* SPDX-License-Identifier: MIT */
#pragma once

/* What a process that copies tells the command that started it, in memory that both have. */

#include "base/error.h"

enum { COPY_LEFT_OUT_MAX = 8 };

typedef struct CopySide {
        uint64_t bytes, entries; /* so far */
        bool ended;              /* it has said how */
        int result;              /* 0 or a negative errno */
        bool other_gone;         /* it failed since the other end did */
        ExitCode exit;
        char message[8192];
        char hint[512];
        size_t n_left_out;
        char left_out[COPY_LEFT_OUT_MAX][512]; /* the first of them */
} CopySide;

/* Notes what is not copied, and why. */
static inline void copy_side_leave_out(CopySide *side, const char *path, const char *why) {
        if (side->n_left_out < COPY_LEFT_OUT_MAX)
                (void) snprintf(side->left_out[side->n_left_out], sizeof(side->left_out[0]), "'%.400s' %s",
                                path, why);
        side->n_left_out++;
}
