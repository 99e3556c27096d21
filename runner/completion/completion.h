/* SPDX-License-Identifier: MIT */
#pragma once

/* Completion scripts for shells, made of the tables of verbs and options. */

#include "base/options.h"

/* What help says of a verb, too. */
typedef struct CompletionVerb {
        const char *name;     /* one word, or a group's and its own: "snapshot save" */
        const char *alias;    /* or NULL */
        const char *synopsis; /* operands */
        const char *summary;
        const Option *options;
        size_t n_options;
        bool stop_early; /* operands begin another program's command line */
} CompletionVerb;

typedef struct CompletionTable {
        const CompletionVerb *verbs; /* those of a group follow each other */
        size_t n_verbs;
        const Option *globals; /* the options of all verbs */
        size_t n_globals;
} CompletionTable;

/* @shell: bash, zsh or fish; FC_EXIT_USAGE for any other. *ret_script is owned by the caller. */
int completion_make(const CompletionTable *t, const char *shell, char **ret_script, Error *reterr);

/* The second word of a verb's name, when the first one is @group; otherwise NULL. */
const char *completion_in_group(const char *verb, const char *group);
