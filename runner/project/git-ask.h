/* SPDX-License-Identifier: MIT */
#pragma once

/* Asking libgit2 about a repository.
 *
 * It is loaded when it is needed (base/library.h), and mostly it is not: linked, it and the 17 libraries
 * behind it cost every command 4 ms of dynamic linking, and its initialisation another 4 (it reads the
 * system's TLS certificates). */

#include <git2.h>
#include <limits.h>

#include "base/library.h"
#include "host/user.h"

extern Library git_library;

#define git_libgit2_init         LIBRARY_FUNCTION(git_library, git_libgit2_init)
#define git_libgit2_opts         LIBRARY_FUNCTION(git_library, git_libgit2_opts)
#define git_error_last           LIBRARY_FUNCTION(git_library, git_error_last)
#define git_repository_open_ext  LIBRARY_FUNCTION(git_library, git_repository_open_ext)
#define git_repository_is_bare   LIBRARY_FUNCTION(git_library, git_repository_is_bare)
#define git_repository_workdir   LIBRARY_FUNCTION(git_library, git_repository_workdir)
#define git_repository_path      LIBRARY_FUNCTION(git_library, git_repository_path)
#define git_repository_index     LIBRARY_FUNCTION(git_library, git_repository_index)
#define git_index_entrycount     LIBRARY_FUNCTION(git_library, git_index_entrycount)
#define git_index_get_byindex    LIBRARY_FUNCTION(git_library, git_index_get_byindex)
#define git_index_get_bypath     LIBRARY_FUNCTION(git_library, git_index_get_bypath)
#define git_index_find_prefix    LIBRARY_FUNCTION(git_library, git_index_find_prefix)
#define git_reference_name_to_id LIBRARY_FUNCTION(git_library, git_reference_name_to_id)

#define GIT_HINTS_MAX 2

/* What the child is shared with, so no pointers. */
typedef struct GitAnswer {
        bool given;
        int r;
        ExitCode exit;
        char message[4 * PATH_MAX], hints[GIT_HINTS_MAX][2 * PATH_MAX];
        size_t n_hints;
        bool yes, settled;
        uint64_t hash;
        char path[PATH_MAX];
} GitAnswer;

typedef struct GitQuestion {
        /* Runs in the child, with libgit2 initialised; its error is handed over. */
        int (*ask)(const struct GitQuestion *q, GitAnswer *answer, Error *reterr);
        const char *start, *name;
        int list_fd;
        const InvokingUser *invoking;
        GitAnswer *answer; /* git_ask()'s own, shared with the child */
} GitQuestion;

GitAnswer *git_answer_free(GitAnswer *answer);
DEFINE_FREEP(GitAnswer, git_answer_free);

/* @ret: also filled where the answer is an error. Return: -ETIMEDOUT when there is none in time. */
int git_ask(const GitQuestion *question, GitAnswer **ret, Error *reterr);

/* In the child: what libgit2 says of its last error. */
const char *git_ask_message(void);

/* In the child: as git_repository_open_ext(), without the user's and the system's configuration when that
 * cannot be read: HOME may be another user's, or damaged. All that is missed then is safe.directory. Return:
 * libgit2's code. */
int git_ask_open(git_repository **ret, const char *start);
