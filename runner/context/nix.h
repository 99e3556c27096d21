/* SPDX-License-Identifier: MIT */
#pragma once

/* Running nix(1): always as the user, never as root for a user, in the flake's directory. */

#include "host/user.h"

typedef struct Nix {
        InvokingUser user;
        const char *directory;
        char *program;
        char **argv, **envp;
        int output_fd; /* collects its messages; -EBADF: they are shown at once */
} Nix;

#define NIX_NULL ((Nix){.output_fd = -EBADF})

/**
 * nix_open() - find the program, and make the beginning of its command line
 * @nix: with `user` and `directory`; to be emptied by nix_done(), also after a failure
 *
 * FC_EXIT_HOST when there is none.
 */
int nix_open(Nix *nix, Error *reterr);
void nix_done(Nix *nix);

/* Collects its messages in memory from here on. */
int nix_keep_output(Nix *nix, Error *reterr);

/* The end of its messages; owned by the caller, NULL: it has printed none. */
char *nix_output(const Nix *nix);

/* Adds that end as evidence, since Nix prints the reason last. */
void nix_add_evidence(const Nix *nix, Error *reterr);

/**
 * nix_run() - wait until it is done
 * @ret_interrupted: we got SIGINT, SIGTERM or SIGHUP, which has been handed on
 *
 * Return: the exit status, 128+n for a signal, or a negative errno.
 */
int nix_run(const Nix *nix, bool *ret_interrupted, Error *reterr);

/* The files that Nix reads its settings from, so that the caller can see whether they have changed. */
char **nix_settings_files(const Nix *nix);
