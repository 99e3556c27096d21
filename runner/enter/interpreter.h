/* SPDX-License-Identifier: MIT */
#pragma once

/* The first line of a script, as execve(2) reads it. Pure. */

#include <stddef.h>

/* The kernel reads as much of it (BINPRM_BUF_SIZE). */
#define INTERPRETER_HEADER_MAX 256

/* The path after "#!" in the first bytes of a file; NULL: they do not begin with one, or it is not absolute.
 * Owned by the caller. */
char *interpreter_parse(const char *header, size_t size);
