/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "cli/fleet.h"
#include "cli/plan-show.h"
#include "cli/verbs.h"

typedef struct DownOptions {
        uint64_t timeout_usec;
} DownOptions;

static const Option options[] = {
        {"timeout", 't', OPTION_SECONDS, offsetof(DownOptions, timeout_usec), "SECONDS",
         "How long a container may take to shut down [stop.timeout]"},
};

static void defaults(void *target) {
        ((DownOptions *) target)->timeout_usec = UINT64_MAX;
}

/* A container that is in no specification any more can still be stopped, and so can all when the
 * specification is broken: then with the default timeout. */
static void load_spec_if_possible(Session *s) {
        Error error = ERROR_NULL;

        (void) session_load_spec(s, &error);
        error_done(&error);
}

static uint64_t stop_timeout(const Session *s, const char *name) {
        const ContainerSpec *c = s->spec ? spec_find(s->spec, name) : NULL;

        return c ? c->stop_timeout_usec : SPEC_STOP_TIMEOUT_USEC;
}

static int run(const Globals *globals, const void *target, char *const *operands, Error *reterr) {
        const DownOptions *o = target;
        _cleanup_(session_done) Session s = SESSION_NULL;
        _cleanup_(fleet_done) Fleet fleet = FLEET_NULL;
        _cleanup_strv_ char **names = NULL;
        int r, exit;

        r = session_open(globals, &s, reterr);
        if (r < 0)
                return r;
        load_spec_if_possible(&s);
        r = session_select_known(&s, operands, &names, reterr);
        if (r < 0)
                return r;
        if (globals->dry_run)
                return plan_show_down(&s, names, reterr);

        fleet.stop_timeout_usec = o->timeout_usec;
        r = fleet_open(&fleet, &s, "down", names, reterr);
        if (r < 0)
                return r;
        for (size_t i = 0; i < fleet.n_members; i++) {
                Member *m = &fleet.members[i];

                m->stop = true;
                m->stop_timeout_usec = stop_timeout(&s, m->name);
                fleet_recall(m);
        }
        exit = fleet_run(&fleet, reterr);
        if (exit < 0)
                return exit;
        r = fleet_put_away(&fleet, reterr);
        return r < 0 ? r : exit;
}

const Verb cmd_down = {
        .name = "down",
        .alias = "stop",
        .synopsis = "[NAME..]",
        .summary = "Stop, and return when all is gone; the data stay",
        .options = options,
        .n_options = ELEMENTSOF(options),
        .target_size = sizeof(DownOptions),
        .defaults = defaults,
        .max_operands = SIZE_MAX,
        .has_dry_run = true,
        .needs_root = true,
        .run = run,
};
