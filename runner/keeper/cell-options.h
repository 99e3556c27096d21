/* SPDX-License-Identifier: MIT */
#pragma once

/* The command line of the program that runs a guest without root (cell/): those of systemd-nspawn's options
 * that plan/nspawn-argv.c writes, with nspawn's meaning, and no others. So a plan is the same for both. */

#include "base/options.h"

typedef struct CellMount {
        char *source; /* path on the host */
        char *target; /* path inside */
        bool read_only;
} CellMount;

typedef struct CellMounts {
        CellMount *items; /* by target, so that one comes after what it lies in */
        size_t n;
} CellMounts;

typedef struct CellCredential {
        char *id;
        char *source;
} CellCredential;

typedef struct CellCredentials {
        CellCredential *items;
        size_t n;
} CellCredentials;

typedef struct CellOptions {
        char *directory; /* the root file system */
        char *machine;
        char *hostname;
        char *uuid;          /* 32 hexadecimal digits; NULL: the root's /etc/machine-id */
        char *private_users; /* "no": the ids are those that the caller has */
        bool notify_ready;   /* it is ready when the payload says so */
        bool private_network;
        bool as_pid2;
        CellMounts mounts;
        CellCredentials credentials;
        char **environment;
        uint64_t capabilities_add, capabilities_drop;
        char **command;
} CellOptions;

/* @argv: without the program's name. */
int cell_options_parse(char *const *argv, CellOptions *ret, Error *reterr);
void cell_options_done(CellOptions *o);
