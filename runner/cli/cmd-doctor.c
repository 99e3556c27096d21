/* SPDX-License-Identifier: MIT */

#include <unistd.h>

#include "base/alloc.h"
#include "base/json.h"
#include "base/strv.h"
#include "elevate/elevate.h"
#include "cli/verbs.h"
#include "ops/doctor.h"
#include "ops/report.h"
#include "screen/output.h"
#include "screen/text.h"

typedef struct DoctorOptions {
        bool report;
} DoctorOptions;

static const Option doctor_options[] = {
        {"report", 0, OPTION_FLAG, offsetof(DoctorOptions, report), NULL,
         "Print what a bug report should have, without secrets"},
};

static void doctor_print_text(const Findings *f) {
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

static void doctor_print_json(const Findings *f) {
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

static int doctor_run(const ProjectRequest *request, const void *target, char *const *operands,
                      Error *reterr) {
        const DoctorOptions *o = target;
        _cleanup_(findings_done) Findings f = {};
        _cleanup_(error_done) Error no_tool = ERROR_NULL;
        _cleanup_free_ char *tool = NULL;
        int r;

        if (geteuid() != 0)
                (void) elevate_find_tool(&tool, &no_tool);
        r = doctor_examine(request, tool, &no_tool, &f, reterr);
        if (r < 0)
                return r;
        if (o->report)
                return report_print(request, &f, FC_VERSION, reterr);
        if (request->globals->json)
                doctor_print_json(&f);
        else
                doctor_print_text(&f);
        for (size_t i = 0; i < f.n; i++)
                if (f.entries[i].verdict == VERDICT_BAD)
                        return FC_EXIT_HOST;
        return FC_EXIT_OK;
}

const Verb cmd_doctor = {
        .name = "doctor",
        .synopsis = "",
        .summary = "Check what this host offers and what is missing",
        .options = doctor_options,
        .n_options = ELEMENTSOF(doctor_options),
        .target_size = sizeof(DoctorOptions),
        .run = doctor_run,
};
