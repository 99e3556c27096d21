/* SPDX-License-Identifier: MIT */
#pragma once

/* The live display of progress.h on a terminal: what stands on the screen and how it is redrawn. Private to
 * progress.c. */

#include "screen/progress.h"

typedef struct ProgressItem {
        char *container;
        Phase phase;  /* _PHASE_INVALID: nothing is told yet */
        char *detail; /* safe text, or NULL */
        bool final;
        uint64_t since;   /* CLOCK_MONOTONIC of the first phase of this line */
        uint64_t printed; /* plain mode: when its last line was printed */
} ProgressItem;

typedef struct ProgressLive ProgressLive;

/* NULL: @out is no terminal that can be redrawn. */
ProgressLive *progress_live_new(FILE *out, char *const *containers);
ProgressLive *progress_live_free(ProgressLive *live);

/* @changed is one of @items. */
void progress_live_update(ProgressLive *live, ProgressItem *const *items, size_t n,
                          const ProgressItem *changed);
void progress_live_note(ProgressLive *live, ProgressItem *const *items, size_t n, const char *text);
void progress_live_tick(ProgressLive *live, ProgressItem *const *items, size_t n);
void progress_live_finish(ProgressLive *live, ProgressItem *const *items, size_t n);
