/* SPDX-License-Identifier: MIT */

#include <signal.h>

#include "base/alloc.h"
#include "base/process.h"
#include "base/time-text.h"
#include "cli/verbs.h"
#include "logs/journal.h"
#include "logs/log-filter.h"
#include "logs/time-spec.h"
#include "running/log-sources.h"

typedef struct LogsOptions {
        char *lines;
        char *since;
        char *until;
        char **units;
        char *priority;
        char *output;
        char *boot;
        char *grep;
        char *case_sensitive;
        bool follow;
        bool all;
        bool no_color;
        bool no_prefix;
} LogsOptions;

static const Option logs_options[] = {
        {"follow", 'f', OPTION_FLAG, offsetof(LogsOptions, follow), NULL,
         "Go on with what comes, over restarts too"},
        {"all", 'a', OPTION_FLAG, offsetof(LogsOptions, all), NULL,
         "Also what systemd says that is not a warning [with -u or -p]"},
        {"lines", 'n', OPTION_STRING, offsetof(LogsOptions, lines), "N",
         "The last N lines of each [all; 10 with -f]"},
        {"tail", 0, OPTION_STRING, offsetof(LogsOptions, lines), "N", "The same as --lines"},
        {"since", 0, OPTION_STRING, offsetof(LogsOptions, since), "TIME",
         "From then on: 5m, today, 10:00, 2026-11-22 10:00"},
        {"until", 0, OPTION_STRING, offsetof(LogsOptions, until), "TIME", "Up to then"},
        {"unit", 'u', OPTION_STRINGS, offsetof(LogsOptions, units), "UNIT",
         "Only of this unit; may be repeated"},
        {"priority", 'p', OPTION_STRING, offsetof(LogsOptions, priority), "LEVEL",
         "Only this bad and worse: err, 3, warning..err"},
        {"boot", 'b', OPTION_OPTIONAL, offsetof(LogsOptions, boot), "BOOT",
         "Only of this boot: -1 (the one before), 1 (the first), an id [the newest]"},
        {"grep", 'g', OPTION_STRING, offsetof(LogsOptions, grep), "REGEX",
         "Only messages in which this regular expression (PCRE2) is found"},
        {"case-sensitive", 0, OPTION_OPTIONAL, offsetof(LogsOptions, case_sensitive), "BOOL",
         "Whether case counts in it [if it has upper case letters]"},
        {"no-color", 0, OPTION_FLAG, offsetof(LogsOptions, no_color), NULL, "Without colours"},
        {"no-log-prefix", 0, OPTION_FLAG, offsetof(LogsOptions, no_prefix), NULL,
         "Without names in front of the lines"},
        {"timestamps", 't', OPTION_IGNORED, 0, NULL, "(always so)"},
        {"output", 'o', OPTION_STRING, offsetof(LogsOptions, output), "FORMAT", "short, json or cat"},
};

static int logs_parse(const Globals *globals, const LogsOptions *o, LogRequest *request, char ***ret_units,
                      LogPattern **ret_pattern, Error *reterr) {
        uint64_t now = realtime_usec();
        LogCase what = LOG_CASE_AUTO;
        int r = 0;

        request->follow = o->follow;
        request->output = globals->json ? LOG_OUTPUT_JSON : LOG_OUTPUT_SHORT;
        if (o->output)
                r = log_output_parse(o->output, &request->output, reterr);
        if (r >= 0 && o->lines)
                r = log_lines_parse(o->lines, &request->lines, reterr);
        if (r >= 0 && o->since)
                r = time_spec_parse(o->since, now, &request->since_usec, reterr);
        if (r >= 0 && o->until)
                r = time_spec_parse(o->until, now, &request->until_usec, reterr);
        if (r >= 0 && o->priority)
                r = log_priority_parse(o->priority, &request->priority_first, &request->priority_last,
                                       reterr);
        if (r >= 0 && o->boot)
                r = log_boot_parse(o->boot, &request->boot, reterr);
        if (r >= 0 && o->case_sensitive && !o->grep)
                r = error_raise(reterr, FC_EXIT_USAGE,
                                "--case-sensitive is about --grep, which is not given");
        if (r >= 0 && o->case_sensitive) {
                r = log_case_parse(o->case_sensitive, &what, reterr);
                if (r < 0)
                        return error_prefix(reterr, r, "--case-sensitive");
        }
        if (r >= 0 && o->grep)
                r = log_pattern_new(o->grep, what, ret_pattern, reterr);
        request->no_colour = o->no_color;
        request->no_prefix = o->no_prefix;
        request->services_only = !o->all && !o->units && !o->priority;
        STRV_FOREACH (word, o->units) {
                char *unit;

                if (r >= 0)
                        r = log_unit_name(*word, &unit, reterr);
                if (r >= 0)
                        strv_push_take(ret_units, unit);
        }
        return r;
}

static int logs_run(const ProjectRequest *request, const void *target, char *const *operands,
                    Error *reterr) {
        _cleanup_(project_done) Project project = PROJECT_NULL;
        _cleanup_strv_ char **names = NULL, **units = NULL;
        _cleanup_(log_sources_done) LogSources sources = LOG_SOURCES_NULL;
        _cleanup_(log_pattern_freep) LogPattern *pattern = NULL;
        LogRequest view = LOG_REQUEST_INIT;
        int r;

        r = logs_parse(request->globals, target, &view, &units, &pattern, reterr);
        if (r >= 0)
                r = project_open_records(request, operands, view.follow, &project, &names, reterr);
        if (r < 0)
                return r;
        if (project.state.fd < 0)
                return FC_EXIT_OK;

        r = log_sources_find(&project, names, &sources, reterr);
        if (r < 0)
                return r;
        view.sources = sources.sources;
        view.n_sources = sources.n;
        view.units = units;
        view.pattern = pattern;
        (void) signal(SIGPIPE, SIG_IGN);
        r = logs_show(&view, stdout, reterr);
        return r < 0 ? r : FC_EXIT_OK;
}

const Verb cmd_logs = {
        .name = "logs",
        .synopsis = "[NAME..]",
        .summary = "Show the logs, of several containers merged by time",
        .options = logs_options,
        .n_options = ELEMENTSOF(logs_options),
        .target_size = sizeof(LogsOptions),
        .max_operands = SIZE_MAX,
        .needs_root = true,
        .in_instance = true,
        .run = logs_run,
};
