/* SPDX-License-Identifier: MIT */
#pragma once

/* A program that makes a part of an image, run to its end in namespaces of its own: whatever ends this
 * command ends all that it has started, and nothing that it mounts is seen by others. */

#include "base/error.h"
#include "state/runtime-dir.h"

/* Where it sees the directory that it works in. Programs cannot cope with every character that a path may
 * have, and those of other users could not pass a directory that is root's alone. What is there until the
 * next boot is there for sure, and not theirs to see. */
#define IMAGE_PROGRAM_PLACE RUNTIME_DIR_BASE

/* And what it reads: an entry of that directory, which must be there, of the same kind. */
#define IMAGE_PROGRAM_INPUT_NAME "input"
#define IMAGE_PROGRAM_INPUT      IMAGE_PROGRAM_PLACE "/" IMAGE_PROGRAM_INPUT_NAME

/* Each step that it tells of. */
typedef void (*ImageStep)(const char *text, void *userdata);

typedef struct ImageProgram {
        char *const *argv, *const *environment;
        int work_fd;
        int input_fd;            /* read-only, and through no symbolic link; -EBADF: nothing */
        bool offline;            /* without a network */
        bool confined;           /* it can write to its directory only, and finds no device there ... */
        bool follows;            /* ... nor is led on by a symbolic link, unless this is set */
        bool may_fail;           /* its exit status is an answer */
        const char *step_prefix; /* of the lines that are steps */
        ImageStep step;          /* may be NULL */
        void *userdata;
} ImageProgram;

/* Return: 0, or its exit status; FC_EXIT_FAILED with the last lines when it has failed, FC_EXIT_INTERRUPTED
 * when a signal has come. */
int image_program_run(const ImageProgram *program, Error *reterr);

/**
 * image_program_find() - where a program is
 * @what: it does, for the message
 * @package: of Debian's, that has it
 *
 * FC_EXIT_HOST when it is not there. @ret: owned by the caller
 */
int image_program_find(const char *name, const char *what, const char *package, char **ret, Error *reterr);

/* What every one of them needs; owned by the caller. */
char **image_program_environment(void);
