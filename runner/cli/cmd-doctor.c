/* SPDX-License-Identifier: MIT */

#include <unistd.h>

#include "base/alloc.h"
#include "cli/verbs.h"
#include "elevate/elevate.h"
#include "view/doctor.h"
#include "view/report.h"

typedef struct DoctorOptions {
        bool report;
} DoctorOptions;

static const Option doctor_options[] = {
        {"report", 0, OPTION_FLAG, offsetof(DoctorOptions, report), NULL,
         "Print what a bug report should have, without secrets"},
};

static int doctor_run(const ProjectRequest *request, const void *target, char *const *operands,
                      Error *reterr) {
        const DoctorOptions *o = target;
        _cleanup_(findings_done) Findings f = {};
        _cleanup_(error_done) Error no_tool = ERROR_NULL;
        _cleanup_free_ char *tool = NULL;
        DoctorWay way = {.no_tool = &no_tool};
        Way goes = WAY_ROOT;
        int r = geteuid() != 0 ? elevate_find_way(request, &goes, reterr) : 0;

        if (r < 0)
                return r;
        way.rootless = goes == WAY_NAMESPACE;
        if (geteuid() != 0 && !way.rootless)
                (void) elevate_find_tool(&tool, &no_tool);
        way.tool = tool;
        r = doctor_examine(request, &way, &f, reterr);
        if (r < 0)
                return r;
        if (o->report)
                return report_print(request, &f, FC_VERSION, reterr);
        if (request->globals->json)
                findings_print_json(&f);
        else
                findings_print(&f);
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
