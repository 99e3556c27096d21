/* SPDX-License-Identifier: MIT */
#pragma once

/* A project on another machine: who we are there, and this program there. */

#include "remote/master.h"

typedef struct There {
        Master master;
        char *directory; /* of the project, below the home; NULL: of none */
        bool root;       /* the user is root there */
        bool has_it;     /* the directory is there */
} There;

#define THERE_NULL ((There){.master = MASTER_NULL})

/**
 * there_open() - connect, and ask whether the program is there
 * @root: the project's here; NULL: of none
 *
 * @ret is emptied by there_done(), also after a failure. FC_EXIT_HOST when there is no connection, or not
 *   this version of the program.
 */
int there_open(const Destination *destination, const char *root, There *ret, Error *reterr);
void there_done(There *there);

/* The words before a verb there. Owned by the caller. */
char **there_program(const There *there);

/* The command line of an ssh that runs @words there. Owned by the caller. */
char **there_command(const There *there, const char *option, char *const *words);

/* Likewise, to its end: all that it has printed. Return: the exit status, or a negative errno. */
int there_ask(const There *there, char *const *words, char **ret_output, Error *reterr);

/* The first document in @text that begins on a line of its own, as we print them; NULL: there is none, or it
 * has no end yet. Whatever a login prints there may stand before it. @ret_size: without its end of line */
const char *there_find_json(const char *text, size_t *ret_size);
