/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "cli/completion.h"
#include "ops/project.h"
#include "ops/snapshot.h"
#include "cli/verbs.h"

/* What the scripts ask for while the user types. */
static int print_names(const ProjectRequest *request, Error *reterr) {
        _cleanup_(project_done) Project project = PROJECT_NULL;
        _cleanup_strv_ char **names = NULL;
        int r;

        r = project_open_known(request, NULL, &project, &names, reterr);
        STRV_FOREACH (name, names)
                (void) puts(*name);
        return r < 0 ? r : FC_EXIT_OK;
}

static int completion_run(const ProjectRequest *request, const void *target, char *const *operands,
                          Error *reterr) {
        _cleanup_free_ char *script = NULL;
        int r;

        if (streq(operands[0], "names"))
                return print_names(request, reterr);
        if (streq(operands[0], "labels"))
                return snapshot_list_labels(request, reterr);
        r = completion_make(operands[0], &script, reterr);
        if (r < 0)
                return r;
        return fputs(script, stdout) < 0 ? error_set(reterr, errno, "print the script") : FC_EXIT_OK;
}

const Verb cmd_completion = {
        .name = "completion",
        .synopsis = "SHELL",
        .summary = "Print a script that completes our words in bash, zsh or fish",
        .min_operands = 1,
        .max_operands = 1,
        .run = completion_run,
};
