/* SPDX-License-Identifier: MIT */
#pragma once

/* Options that every verb takes, before or after its name. */

#include "cli/options.h"

typedef struct Globals {
        char *directory; /* -C */
        char *root;      /* --root */
        char *spec;      /* --spec */
        char *progress;  /* --progress */
        bool json;
        bool dry_run;
        bool quiet;
        bool help;
        bool version;
        bool elevated; /* the second run, as root: see session_elevate() */
} Globals;

extern const Option globals_options[];
extern const size_t globals_n_options;
