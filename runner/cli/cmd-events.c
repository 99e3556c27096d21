/* SPDX-License-Identifier: MIT */

#include <signal.h>

#include "base/alloc.h"
#include "base/process.h"
#include "cli/verbs.h"
#include "logs/event-view.h"
#include "logs/log-filter.h"
#include "logs/time-spec.h"
#include "running/health.h"

typedef struct EventsOptions {
        char *lines;
        char *since;
        bool follow;
} EventsOptions;

static const Option events_options[] = {
        {"follow", 'f', OPTION_FLAG, offsetof(EventsOptions, follow), NULL, "Go on with what happens"},
        {"lines", 'n', OPTION_STRING, offsetof(EventsOptions, lines), "N", "The last N [all; 10 with -f]"},
        {"since", 0, OPTION_STRING, offsetof(EventsOptions, since), "TIME",
         "From then on: 5m, today, 10:00, 2026-11-22 10:00"},
};

static int events_parse(const Globals *globals, const EventsOptions *o, EventRequest *request,
                        Error *reterr) {
        int r = 0;

        request->json = globals->json;
        request->lines = o->follow && !o->since ? 10 : LOG_LINES_ALL;
        if (o->lines)
                r = log_lines_parse(o->lines, &request->lines, reterr);
        if (r >= 0 && o->since)
                r = time_spec_parse(o->since, realtime_usec(), &request->since_usec, reterr);
        return r;
}

static int events_run(const ProjectRequest *request, const void *target, char *const *operands,
                      Error *reterr) {
        const EventsOptions *o = target;
        _cleanup_(project_done) Project project = PROJECT_NULL;
        _cleanup_strv_ char **names = NULL;
        EventRequest view = {};
        int r;

        r = events_parse(request->globals, o, &view, reterr);
        if (r >= 0)
                r = project_open_records(request, operands, o->follow, &project, &names, reterr);
        if (r < 0)
                return r;
        if (project.state.fd < 0)
                return FC_EXIT_OK;
        view.dir_fd = project.state.fd;
        /* Of all: also what containers did that are not known any more. */
        view.containers = operands && operands[0] ? names : NULL;
        (void) signal(SIGPIPE, SIG_IGN);
        r = o->follow ? health_follow_events(&project, names, &view, reterr)
                      : events_show(&view, stdout, reterr);
        return r < 0 ? r : FC_EXIT_OK;
}

const Verb cmd_events = {
        .name = "events",
        .synopsis = "[NAME..]",
        .summary = "Show what happened to the containers",
        .options = events_options,
        .n_options = ELEMENTSOF(events_options),
        .target_size = sizeof(EventsOptions),
        .max_operands = SIZE_MAX,
        .in_instance = true,
        .looks = true,
        .run = events_run,
};
