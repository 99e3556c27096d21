/* SPDX-License-Identifier: MIT */
#pragma once

/* Asking libgit2 about a repository.
 *
 * It is loaded when it is needed, and mostly it is not: linked, it and the 17 libraries behind it cost every
 * command 4 ms of dynamic linking, and its initialisation another 4 (it reads the system's TLS
 * certificates). */

#include <git2.h>
#include <limits.h>

#include "base/error.h"
#include "host/user.h"

#define GIT_FUNCTIONS(X)                                                                                    \
        X(git_libgit2_init)                                                                                 \
        X(git_libgit2_opts)                                                                                 \
        X(git_error_last)                                                                                   \
        X(git_repository_open_ext)                                                                          \
        X(git_repository_is_bare)                                                                           \
        X(git_repository_workdir)                                                                           \
        X(git_repository_path)                                                                              \
        X(git_repository_index)                                                                             \
        X(git_index_entrycount)                                                                             \
        X(git_index_get_byindex)                                                                            \
        X(git_index_get_bypath)                                                                             \
        X(git_index_find_prefix)                                                                            \
        X(git_reference_name_to_id)

#define GIT_MEMBER(name) __typeof__(&name) name;
typedef struct Git {
        GIT_FUNCTIONS(GIT_MEMBER)
        git_repository *repository;
} Git;

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
        int (*ask)(Git *git, const struct GitQuestion *q, GitAnswer *answer, Error *reterr);
        const char *start, *name;
        int list_fd;
        const InvokingUser *invoking;
        Git git;           /* the rest is git_ask()'s own */
        GitAnswer *answer; /* shared with the child */
} GitQuestion;

GitAnswer *git_answer_free(GitAnswer *answer);
DEFINE_FREEP(GitAnswer, git_answer_free);

/* @ret: also filled where the answer is an error. Return: -ETIMEDOUT when there is none in time. */
int git_ask(const GitQuestion *question, GitAnswer **ret, Error *reterr);

/* In the child: what libgit2 says of its last error. */
const char *git_ask_message(const Git *git);

/* In the child: as git_repository_open_ext(), without the user's and the system's configuration when that
 * cannot be read: HOME may be another user's, or damaged. All that is missed then is safe.directory. Return:
 * libgit2's code. */
int git_ask_open(Git *git, const char *start);
