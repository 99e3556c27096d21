/* SPDX-License-Identifier: MIT */
#pragma once

/* The one error value that travels from where a failure is noticed up to main(), which prints it.
 *
 * Fallible functions return int: 0 or more is success, a negative errno is failure, and then their last
 * parameter `Error *reterr` is filled. Raising is one line: `return error_set(reterr, errno, "open '%s'",
 * p);` An expected outcome (not found, already running) is an out parameter, never an Error. Every function
 * here takes `reterr == NULL` for callers that do not want the text. What goes into an Error is made
 * printable: what could drive a terminal (base/utf8.h) and bytes that are not UTF-8 become "\n" and
 * "\xNN", since the name of a file must be told exactly. */

#include "base/exit-code.h"
#include "base/macro.h"

typedef struct Error {
        ExitCode exit;   /* what the process exits with */
        char *message;   /* one line without full stop: what was tried, on what; NULL: no error */
        char *container; /* whose error it is, or NULL */
        bool named;      /* the message names the container itself */
        char **evidence; /* what the failing thing itself said, a line each, or NULL */
        char **hints;    /* what to type next, a line each, or NULL */
} Error;

#define ERROR_NULL ((Error){0})

void error_done(Error *e);

static inline bool error_is_set(const Error *e) {
        return e && e->message;
}

/**
 * error_set() - raise an error that the system reported
 * @errnum: a positive or negative errno; its text is appended to the message
 *
 * The exit code is FC_EXIT_HOST for EPERM and EACCES, otherwise FC_EXIT_INTERNAL.
 * Return: the negative errno. An error that is already set is replaced.
 */
int error_set(Error *reterr, int errnum, const char *format, ...) _printf_(3, 4);

/**
 * error_raise() - raise an error of our own finding, with its exit code
 *
 * Return: a negative errno that fits @exit (-EINVAL for usage, -EBUSY for conflicts, ...); callers only test
 * its sign.
 */
int error_raise(Error *reterr, ExitCode exit, const char *format, ...) _printf_(3, 4);

/* Puts "<context>: " in front of a set message; returns @r. */
int error_prefix(Error *reterr, int r, const char *format, ...) _printf_(3, 4);

/**
 * error_in_container() - say in which container a set error has happened
 *
 * Where the message is shown, "<container>: " stands in front of it. The first who says it is right: nothing
 * is changed when it is known already. Return: @r.
 */
int error_in_container(Error *reterr, int r, const char *container);

/* Likewise of a message that names the container, or what belongs to it, itself. */
int error_about_container(Error *reterr, int r, const char *container);

/* The message as it is shown, with its container; owned by the caller, NULL when nothing is set. */
char *error_text(const Error *e);

/* Adds one line of evidence or of advice to a set error. */
void error_add_evidence(Error *reterr, const char *format, ...) _printf_(2, 3);
void error_add_hint(Error *reterr, const char *format, ...) _printf_(2, 3);

/* Makes text safe that is not printed as a message; consumes @text. */
char *error_make_printable(char *text);

/* Moves @from into @to, which must be unset; @from is unset afterwards. */
void error_move(Error *to, Error *from);
