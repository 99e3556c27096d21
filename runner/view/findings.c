/* SPDX-License-Identifier: MIT */

#include <unistd.h>

#include "base/alloc.h"
#include "base/json.h"
#include "base/strv.h"
#include "screen/output.h"
#include "screen/text.h"
#include "view/findings.h"

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

void findings_print(const Findings *f) {
        Output output;

        output_probe(STDOUT_FILENO, &output);
        for (size_t i = 0; i < f->n; i++) {
                static const char *const marks[][3] = {{"ok  ", "?   ", "BAD "}, {"✔", "?", "✖"}};
                const Finding *finding = &f->entries[i];
                _cleanup_free_ char *text = text_safe(finding->text);

                (void) printf("%s %-18s %s\n", marks[output.unicode && output.terminal][finding->verdict],
                              finding->subject, text);
                STRV_FOREACH (hint, finding->hints) {
                        _cleanup_free_ char *safe = text_safe(*hint);

                        (void) printf("    %s\n", safe);
                }
        }
}

void findings_print_json(const Findings *f) {
        static const char *const words[] = {"ok", "unknown", "bad"};
        _cleanup_(json_freep) Json *document = json_new_object();
        _cleanup_free_ char *text = NULL;
        Json *array = json_new_array();

        for (size_t i = 0; i < f->n; i++) {
                Json *o = json_new_object();

                json_add_string(o, "subject", f->entries[i].subject);
                json_add_string(o, "verdict", words[f->entries[i].verdict]);
                json_add_string(o, "text", f->entries[i].text);
                json_add_string(o, "hint", f->entries[i].hints ? f->entries[i].hints[0] : NULL);
                json_add_strv(o, "hints", f->entries[i].hints);
                json_append(array, o);
        }
        json_add(document, "checks", array);
        text = json_print(document, /* pretty= */ true);
        (void) puts(text);
}
