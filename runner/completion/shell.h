/* SPDX-License-Identifier: MIT */
#pragma once

/* What the three kinds of scripts ask of the tables: what may follow a verb or an option, as its synopsis
 * and the name of its argument tell. */

#include "completion/completion.h"

#define PROGRAM "flake-containers"

void completion_make_bash(FILE *f, const CompletionTable *t);
void completion_make_zsh(FILE *f, const CompletionTable *t);
void completion_make_fish(FILE *f, const CompletionTable *t);

/* NULL behind the last. */
const CompletionVerb *completion_at(const CompletionTable *t, size_t index);

/* Whether it is the first verb of a group, whose name is then the caller's. */
bool completion_begins_group(const CompletionTable *t, size_t index, char **ret_group);

/* "save restore list rm" of "snapshot"; owned by the caller. */
char *completion_group_words(const CompletionTable *t, const char *group);

/* Words that an option takes; NULL: see the functions below. */
const char *completion_words_of(const Option *o);

/* A path of this host's; those of a verb are a container's. @kind: "DIR" or "FILE". */
bool completion_takes_path(const CompletionTable *t, const Option *o, const char *kind);

/* What an option takes of the project, as `completion KIND` prints it; of generations, of the containers
 * that are named anywhere on the line. NULL: nothing. */
const char *completion_kind_of(const Option *o);

/* Takes what no other word gives: the next one, that is. */
bool completion_takes_word(const Option *o);

bool completion_takes_names(const CompletionVerb *v);
bool completion_takes_labels(const CompletionVerb *v);

/* "[NAME:]PATH": files of this host, and names of containers before a colon. */
bool completion_takes_files(const CompletionVerb *v);

/* "NAME [PORT..": a container, and then one of its ports. */
bool completion_takes_port(const CompletionVerb *v);

/* "NAME -- CMD..": what follows the name is another program's. */
bool completion_takes_command(const CompletionVerb *v);

/* As in single quotes; @escape: characters that get a backslash. */
void completion_quote(FILE *f, const char *text, const char *escape);
