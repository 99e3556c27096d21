/* SPDX-License-Identifier: MIT */
#pragma once

/* The short records in a container's directory in /run: a file each, which the programs of a machine write
 * for each other and for `status`. What a record says is the business of the file that knows its name. */

#include "base/error.h"

/* Why the relay gave the container up, for what notes its end. */
#define RECORD_GIVEN_UP "given-up"

/* The whole text, which the caller owns. A missing one is `*ret = NULL` and success. */
int record_read(int runtime_fd, const char *name, char **ret, Error *reterr);

/* The error of a record whose text is not what its writer writes. */
int record_damaged(const char *name, Error *reterr);

int record_write(int runtime_fd, const char *name, const char *text, Error *reterr);

/* A missing one is success. */
int record_remove(int runtime_fd, const char *name, Error *reterr);
