/* SPDX-License-Identifier: MIT */
#pragma once

/* What `doctor` has found, in its order. */

#include "base/error.h"

typedef enum Verdict { VERDICT_OK, VERDICT_UNKNOWN, VERDICT_BAD } Verdict;

typedef struct Finding {
        const char *subject;
        Verdict verdict;
        char *text;
        char **hints; /* may be NULL */
} Finding;

typedef struct Findings {
        Finding *entries;
        size_t n;
} Findings;

void findings_done(Findings *f);

/* @text: ownership passes. */
void findings_add(Findings *f, const char *subject, Verdict verdict, char *text);

/* To the last one. */
void findings_add_hint(Findings *f, const char *hint);

/* That something is in the way, with all that is advised. The error is empty afterwards. */
void findings_add_error(Findings *f, const char *subject, Error *e);

/* To standard output. */
void findings_print(const Findings *f);
void findings_print_json(const Findings *f);
