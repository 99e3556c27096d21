/* SPDX-License-Identifier: MIT */
#pragma once

/* The standard streams of a program in a container: pipes or a terminal, with one end for the program and
 * one for us. */

#include "enter/account.h"
#include "enter/namespaces.h"

typedef struct ProgramStdio {
        int program[3]; /* what the program gets; the same fd may stand more than once */
        int owned[3];   /* what of these must be closed */
        int ours[3];    /* the other ends; -EBADF: there is none of its own */
} ProgramStdio;

#define PROGRAM_STDIO_NULL                                                                                  \
        ((ProgramStdio){.program = {-EBADF, -EBADF, -EBADF},                                                \
                        .owned = {-EBADF, -EBADF, -EBADF},                                                  \
                        .ours = {-EBADF, -EBADF, -EBADF}})

void program_stdio_done(ProgramStdio *stdio);

/**
 * program_stdio_make_pipes() - a pipe each; one for both outputs when ours lead to the same place
 * @owner: the user that the program runs as, who must be able to open /dev/stdout
 * @stdio: PROGRAM_STDIO_NULL before; to be emptied by program_stdio_done() also when this fails
 *
 * Our ends are non-blocking.
 */
int program_stdio_make_pipes(const EnterTarget *target, const Account *owner, ProgramStdio *stdio,
                             Error *reterr);

/* The same with one terminal of the container, of the size of ours. We have two descriptors for its
 * master. */
int program_stdio_make_terminal(const EnterTarget *target, const Account *owner, ProgramStdio *stdio,
                                Error *reterr);

/* Closes the program's ends on our side. */
void program_stdio_close_program(ProgramStdio *stdio);

/* Gives the program's terminal the size that ours has; while the program's end is open. */
void program_stdio_copy_size(const ProgramStdio *stdio);
