/* SPDX-License-Identifier: MIT */
#pragma once

/* The values of credentials that are in no file: variables of the user who asked, and what a command of that
 * user writes. They go from here to a file in memory, and nowhere else. */

#include "context/project.h"

/* What systemd takes as a credential. */
#define SECRET_SIZE_MAX (1024 * 1024)

typedef struct Secret {
        char *data; /* any bytes; a NUL follows */
        size_t size;
} Secret;

/* Overwrites it. */
void secret_done(Secret *s);

/**
 * secret_obtain() - get the value of a credential that is not a file
 * @place: where it stands in the specification, for messages
 *
 * Runs a command as the user who asked, in the root of the project. FC_EXIT_USAGE: there is no such
 * variable, or the value is too large; FC_EXIT_FAILED: the command failed; FC_EXIT_TIMEOUT.
 */
int secret_obtain(const Project *project, const Credential *c, const char *place, Secret *ret,
                  Error *reterr);
