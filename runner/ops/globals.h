/* SPDX-License-Identifier: MIT */
#pragma once

/* Options that every verb takes, before or after its name. */

#include "base/options.h"

typedef struct Globals {
        char *directory;                     /* -C */
        char *root;                          /* --root */
        char *subdir;                        /* --subdir */
        char *of_flake;                      /* --of-flake */
        char *spec;                          /* --spec */
        const char *found_root, *found_spec; /* the second run, as root: see project_elevate() */
        bool builds; /* the verb wants a flake's specification as it is now, not as it was built last ... */
        bool keeps;  /* ... and leaves it in .containers */
        char *const *wanted; /* the containers that it is built for; NULL: all */
        char *progress;      /* --progress */
        char *backend;       /* --backend */
        bool json;
        bool dry_run;
        bool quiet;
        bool help;
        bool version;
} Globals;

extern const Option globals_options[];
extern const size_t globals_n_options;
