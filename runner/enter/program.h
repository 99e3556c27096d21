/* SPDX-License-Identifier: MIT */
#pragma once

/* Finding a program in a container before it is started there. The manager reports a program that it cannot
 * execute as exit status 203, which the program itself might have ended with as well; so what can be known
 * is found out beforehand, and 203 is believed afterwards only for what could not. */

#include "base/error.h"

typedef enum ProgramState {
        PROGRAM_FOUND,
        PROGRAM_NOT_FOUND,
        PROGRAM_NOT_EXECUTABLE, /* a directory, no execute permission */
        PROGRAM_NO_INTERPRETER, /* a script whose "#!" names a program that does not exist */
} ProgramState;

typedef struct Program {
        ProgramState state;
        bool certain;      /* executing it cannot fail for a reason that lies in the file */
        char *path;        /* absolute, inside; NULL when not found */
        char *interpreter; /* of PROGRAM_NO_INTERPRETER */
} Program;

void program_done(Program *program);

/**
 * program_find() - as execvp(3) would, in a container
 * @name: with a slash: a path, relative to @directory; without: searched for in @path
 * @path: colon-separated; entries that are not absolute are skipped
 * @directory: absolute
 */
void program_find(int root_fd, const char *name, const char *path, const char *directory, Program *ret);

/* The kernel reads as much of it (BINPRM_BUF_SIZE). */
#define INTERPRETER_HEADER_MAX 256

/* The path after "#!" in the first bytes of a file; NULL: they do not begin with one, or it is not absolute.
 * Owned by the caller. */
char *interpreter_parse(const char *header, size_t size);
