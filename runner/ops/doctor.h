/* SPDX-License-Identifier: MIT */
#pragma once

/* What `doctor` finds, and its checks of the host: the way to root, systemd, limits and the firewall. */

#include "ops/project.h"

typedef enum Verdict { VERDICT_OK, VERDICT_UNKNOWN, VERDICT_BAD } Verdict;

typedef struct Finding {
        const char *subject;
        Verdict verdict;
        char *text;
        char *hint; /* may be NULL */
} Finding;

typedef struct Findings {
        Finding *entries;
        size_t n;
} Findings;

void findings_done(Findings *f);

/* Takes @text over. */
void findings_add(Findings *f, const char *subject, Verdict verdict, char *text);

/* To the last of them. */
void findings_add_hint(Findings *f, const char *hint);

/* Takes the error over as the finding. */
void findings_add_error(Findings *f, const char *subject, Error *e);

void doctor_check_privilege(Findings *f);

/* That of a host which it manages; nothing elsewhere. */
void doctor_check_systemd(Findings *f, const HostFacts *facts);

void doctor_check_inotify(Findings *f);
void doctor_check_firewall(Findings *f);
