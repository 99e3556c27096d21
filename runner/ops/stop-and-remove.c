/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "context/shared-use.h"
#include "ops/hooks.h"
#include "ops/question.h"
#include "ops/reset.h"
#include "ops/stop-and-remove.h"

int stop_and_remove(const FleetOptions *options, Project *project, char *const *names, bool volumes,
                    bool every, bool yes, int *ret_hooks, Error *reterr) {
        _cleanup_(shared_stop_done) SharedStop shared = SHARED_STOP_NULL;
        _cleanup_(removal_done) Removal removal = {};
        int r;

        *ret_hooks = FC_EXIT_OK;
        r = removal_plan(project, names, REMOVAL_STATE, volumes, every, &removal, reterr);
        if (r >= 0 && project->globals->dry_run)
                return removal_show(&removal, reterr);
        if (r >= 0)
                r = removal_is_empty(&removal)
                            ? 1
                            : question_ask_removal(&removal, "stop, and remove this for good?", yes, reterr);
        if (r <= 0)
                return r < 0 ? r : FC_EXIT_INTERRUPTED;
        r = hooks_run_before_down(project, names, reterr);
        if (r < 0)
                return r;
        *ret_hooks = r;
        r = shared_stop_begin_all(project, names, options->verb, &shared, reterr);
        if (r < 0)
                return r;
        r = reset_take_down(options, project, names, &removal, reterr);
        return shared_stop_end(project, &shared, r, reterr);
}
