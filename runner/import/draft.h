/* SPDX-License-Identifier: MIT */
#pragma once

/* What an imported project begins with: containers in the keys of the specification, and notes on what
 * could not be carried over. It is written as a specification or as a flake, whose options have the same
 * names and values; only what a container's system is made of differs. */

#include "base/json.h"
#include "base/strv.h"

typedef enum DraftFormat { DRAFT_FLAKE, DRAFT_JSON, _DRAFT_FORMAT_MAX } DraftFormat;

const char *draft_format_to_string(DraftFormat format);
DraftFormat draft_format_from_string(const char *word); /* _DRAFT_FORMAT_MAX: it is none */

typedef struct DraftContainer {
        char *name;
        Json *spec;           /* its keys but for "system" */
        Json *system;         /* of a specification */
        char **configuration; /* of a flake: lines of a NixOS module */
        char **notes;
} DraftContainer;

typedef struct Draft {
        DraftFormat format;
        char *project; /* NULL: the directory's */
        Json *networks;
        DraftContainer *containers;
        size_t n_containers;
        char **notes; /* on all of it */
} Draft;

#define DRAFT_CONTAINERS_MAX 100

Draft *draft_new(DraftFormat format);
Draft *draft_free(Draft *draft);
DEFINE_FREEP(Draft, draft_free);

/* Valid until the next one is added. */
DraftContainer *draft_add(Draft *draft, const char *name);
DraftContainer *draft_find(const Draft *draft, const char *name);

/* "PLACE: why", one printable line. */
void draft_note(char ***notes, const char *place, const char *format, ...) _printf_(3, 4);

/* Adds a line to the NixOS module. */
void draft_nix(DraftContainer *c, const char *format, ...) _printf_(2, 3);

/* Each takes the value, and adds it to a key when that is a valid specification then; otherwise what the
 * reader of specifications says becomes a note on @place. @key: one of a container. An object without
 * members is nothing to set. */
void draft_set(DraftContainer *c, const char *key, Json *value, const char *place);
void draft_append(DraftContainer *c, const char *key, Json *item, const char *place);
void draft_put(DraftContainer *c, const char *key, const char *name, Json *value, const char *place);

/* Another container of the draft, and how far it must have come: valid with that one only, so checked at
 * the end. */
void draft_depend(DraftContainer *c, const char *other, const char *word);

/* The file's text, owned by the caller. @frame: of a flake, see flake-text.h. FC_EXIT_USAGE when all of
 * it together is not a specification. */
int draft_print(const Draft *draft, const char *frame, char **ret, Error *reterr);

/* All notes; owned by the caller. */
char **draft_notes(const Draft *draft);
