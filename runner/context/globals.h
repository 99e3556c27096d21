/* SPDX-License-Identifier: MIT */
#pragma once

/* Options that every verb takes, before or after its name. */

#include <stdbool.h>

typedef struct Globals {
        char *host;      /* -H */
        char *directory; /* -C */
        char *root;      /* --root */
        char *subdir;    /* --subdir */
        char *of_flake;  /* --of-flake */
        char *spec;      /* --spec */
        char *instance;  /* --instance */
        char *progress;  /* --progress */
        char *backend;   /* --backend */
        bool rootless;   /* --rootless */
        bool json;
        bool dry_run;
        bool quiet;
        bool help;
        bool version;
} Globals;
