/* SPDX-License-Identifier: MIT */
#pragma once

/* A compose file as a draft. Pure: what it needs of other files is handed to it. Each key of a service is
 * carried over, or is a note that says why not. */

#include "import/draft.h"

#define COMPOSE_ENV_FILES_MAX 32

/* What other files say, or why they cannot be read. */
typedef struct ComposeFile {
        char *path; /* as in the compose file */
        char **variables;
        char *problem; /* NULL: it was read */
} ComposeFile;

typedef struct ComposeInput {
        const char *name;   /* of the file, for messages */
        const char *prefix; /* from the project's root to the file's directory: "", "deploy", "../x", "/y" */
        char **dotenv;      /* "NAME=VALUE" of .env beside it */
        ComposeFile *files; /* those that compose_env_files() has named */
        size_t n_files;
        DraftFormat format;
} ComposeInput;

/* The paths of `env_file`s whose variables make settings, with .env's variables in them; owned by the
 * caller. */
int compose_env_files(const Json *tree, char *const *dotenv, char ***ret, Error *reterr);

/**
 * compose_import() - make a draft of it
 * @tree: of yaml_parse()
 * @ret: owned by the caller
 *
 * FC_EXIT_USAGE when it is no compose file, two services would have one name, or a variable is missing that
 * must be set.
 */
int compose_import(const Json *tree, const ComposeInput *input, Draft **ret, Error *reterr);
