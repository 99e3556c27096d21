/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "boot/boot.h"
#include "cli/verbs.h"
#include "ops/question.h"
#include "storage/removal.h"

typedef struct RmOptions {
        bool volumes;
        bool all;
        bool yes;
} RmOptions;

static const Option rm_options[] = {
        {"volumes", 'v', OPTION_FLAG, offsetof(RmOptions, volumes), NULL,
         "Also their volumes that no other container uses"},
        {"all", 0, OPTION_FLAG, offsetof(RmOptions, all), NULL,
         "All that the project keeps: .containers itself, volumes included"},
        {"yes", 'y', OPTION_FLAG, offsetof(RmOptions, yes), NULL, "Do not ask"},
        {"force", 'f', OPTION_FLAG, offsetof(RmOptions, yes), NULL, NULL},
};

static int rm_run_plan(Removal *removal, const RmOptions *o, const Globals *globals, Error *reterr) {
        int r;

        if (globals->dry_run)
                return removal_show(removal, reterr);
        if (removal_is_empty(removal)) {
                r = removal_finish(removal->project, /* wait= */ true, reterr);
                if (r >= 0)
                        (void) fputs("there is nothing to remove\n", stderr);
                return r;
        }
        r = removal_refuse_running(removal, reterr);
        if (r >= 0)
                r = question_ask_removal(removal, "remove this for good?", o->yes, reterr);
        if (r <= 0)
                return r < 0 ? r : FC_EXIT_INTERRUPTED;
        r = removal_run(removal, "rm", reterr);
        return r == FC_EXIT_OK && globals->json ? removal_print_json(removal, reterr) : r;
}

/* What `--all` leaves has nothing that the host could start. */
static int rm_unit(Project *project, Error *reterr) {
        _cleanup_free_ char *unit = NULL;
        int r = boot_disable(project, /* made= */ true, &unit, reterr);

        if (r >= 0 && unit && !project->globals->dry_run)
                (void) fprintf(stderr, "%s: removed\n", unit);
        else if (r >= 0 && unit && !project->globals->json)
                (void) printf("%s, which starts the project when the host boots\n", unit);
        return r < 0 ? r : FC_EXIT_OK;
}

static int rm_run(const ProjectRequest *request, const void *target, char *const *operands, Error *reterr) {
        const RmOptions *o = target;
        _cleanup_(project_done) Project project = PROJECT_NULL;
        _cleanup_(removal_done) Removal removal = {};
        _cleanup_strv_ char **names = NULL;
        bool every = !operands || !operands[0];
        int r;

        if (o->all && !every)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "--all takes no names: it removes the project's %s", STATE_DIR_NAME);
        r = project_open_stoppable(request, operands, &project, &names, reterr);
        if (r >= 0)
                r = removal_plan(&project, names, o->all ? REMOVAL_PROJECT : REMOVAL_STATE,
                                 o->volumes || o->all, every, &removal, reterr);
        if (r >= 0)
                r = rm_run_plan(&removal, o, request->globals, reterr);
        return r == FC_EXIT_OK && o->all ? rm_unit(&project, reterr) : r;
}

const Verb cmd_rm = {
        .name = "rm",
        .synopsis = "[NAME..]",
        .summary = "Remove what is kept of containers that do not run",
        .options = rm_options,
        .n_options = ELEMENTSOF(rm_options),
        .target_size = sizeof(RmOptions),
        .max_operands = SIZE_MAX,
        .has_dry_run = true,
        .needs_root = true,
        .run = rm_run,
};
