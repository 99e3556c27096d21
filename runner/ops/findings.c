/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "base/strv.h"
#include "ops/findings.h"

void findings_done(Findings *f) {
        for (size_t i = 0; i < f->n; i++) {
                free(f->entries[i].text);
                strv_free(f->entries[i].hints);
        }
        free(f->entries);
}

void findings_add(Findings *f, const char *subject, Verdict verdict, char *text) {
        *XGROW(f->entries, f->n) = (Finding){.subject = subject, .verdict = verdict, .text = text};
}

void findings_add_hint(Findings *f, const char *hint) {
        strv_push(&f->entries[f->n - 1].hints, hint);
}

void findings_add_error(Findings *f, const char *subject, Error *e) {
        findings_add(f, subject, VERDICT_BAD, error_text(e));
        STRV_FOREACH (hint, e->hints)
                findings_add_hint(f, *hint);
        error_done(e);
}
