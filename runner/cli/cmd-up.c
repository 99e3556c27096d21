/* SPDX-License-Identifier: MIT */

#include <stdlib.h>
#include <string.h>

#include "cli/verbs.h"
#include "ops/up.h"

typedef struct UpCommand {
        UpOptions up;
        char *jobs;
        bool no_build;
} UpCommand;

static const Option up_options[] = {
        {"timeout", 0, OPTION_SECONDS, offsetof(UpCommand, up.timeout_usec), "SECONDS",
         "How long to wait until ready [ready.timeout]"},
        {"wait-timeout", 0, OPTION_SECONDS, offsetof(UpCommand, up.timeout_usec), "SECONDS",
         "Another name of --timeout"},
        {"no-wait", 0, OPTION_FLAG, offsetof(UpCommand, up.no_wait), NULL,
         "Return when they have been started"},
        {"no-deps", 0, OPTION_FLAG, offsetof(UpCommand, up.no_deps), NULL,
         "Leave alone what they depend on, and do not wait for it"},
        {"no-build", 0, OPTION_FLAG, offsetof(UpCommand, no_build), NULL,
         "Take a flake's specification as it was built last: without Nix"},
        {"force-recreate", 0, OPTION_FLAG, offsetof(UpCommand, up.force_recreate), NULL,
         "Also restart what runs as it should; 'reset' gives it a fresh root"},
        {"jobs", 'j', OPTION_STRING, offsetof(UpCommand, jobs), "N",
         "Start so many at a time [all whose dependencies are there]"},
        {"rm-on-failure", 0, OPTION_FLAG, offsetof(UpCommand, up.rm_on_failure), NULL,
         "Stop again what did not become ready"},
        {"restart-changed", 0, OPTION_FLAG, offsetof(UpCommand, up.restart_changed), NULL,
         "Restart also what could be changed while it runs"},
        {"update-only", 0, OPTION_FLAG, offsetof(UpCommand, up.update_only), NULL,
         "Start nothing that does not run"},
        {"profile", 0, OPTION_STRINGS, offsetof(UpCommand, up.profiles), "PROFILE",
         "Also what has this profile, '*': any; several times: each"},
        {"from", 0, OPTION_STRING, offsetof(UpCommand, up.from), "LABEL",
         "Begin with what a snapshot has: roots and volumes"},
        {"remove-orphans", 0, OPTION_FLAG, offsetof(UpCommand, up.remove_orphans), NULL,
         "First stop and remove what the specification has no more; volumes stay"},
        {"yes", 'y', OPTION_FLAG, offsetof(UpCommand, up.yes), NULL,
         "Do not ask, with --from and --remove-orphans"},
        {"volume", 'v', OPTION_STRINGS, offsetof(UpCommand, up.volumes), "VOLUME",
         "Mount SOURCE:TARGET[:ro] in the one container NAME as well, until its next start"},
        {"publish", 'p', OPTION_STRINGS, offsetof(UpCommand, up.ports), "PORT",
         "Publish [NAME:][ADDRESS:]HOST:PORT[/udp] as well, until the next 'up'"},
        {"attach", 'a', OPTION_FLAG, offsetof(UpCommand, up.attach), NULL,
         "Stay, show the logs; Ctrl-C stops, a second one kills"},
        {"timings", 0, OPTION_OPTIONAL, offsetof(UpCommand, up.timings), "FILE",
         "Show where the time went, and draw it"},
        {"detach", 'd', OPTION_IGNORED, 0, NULL, "(always so, unless --attach)"},
        {"wait", 0, OPTION_IGNORED, 0, NULL, "(always so)"},
        {"build", 0, OPTION_IGNORED, 0, NULL, "(always so, of what has changed)"},
};

static void up_defaults(void *target) {
        ((UpCommand *) target)->up.timeout_usec = UINT64_MAX;
}

static bool up_takes_last(const void *target) {
        return ((const UpCommand *) target)->no_build;
}

static int up_parse_jobs(const char *text, size_t *ret, Error *reterr) {
        size_t n = strlen(text);

        if (n == 0 || n > 4 || strspn(text, "0123456789") != n || atoi(text) == 0)
                return error_raise(reterr, FC_EXIT_USAGE, "--jobs: '%.20s' is not a number from 1 to 9999",
                                   text);
        *ret = (size_t) atoi(text);
        return 0;
}

static int up_run(const ProjectRequest *request, const void *target, char *const *operands, Error *reterr) {
        const UpCommand *o = target;
        UpOptions options = o->up;
        int r = 0;

        if (options.timings && options.attach)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "options '--timings' and '--attach' exclude each other");
        if (o->jobs)
                r = up_parse_jobs(o->jobs, &options.jobs, reterr);
        return r < 0 ? r : up_project(request, &options, operands, reterr);
}

const Verb cmd_up = {
        .name = "up",
        .alias = "start",
        .synopsis = "[NAME..]",
        .summary = "Start what is not running, apply what changed, return when ready",
        .options = up_options,
        .n_options = ELEMENTSOF(up_options),
        .target_size = sizeof(UpCommand),
        .defaults = up_defaults,
        .max_operands = SIZE_MAX,
        .has_dry_run = true,
        .builds = true,
        .takes_last = up_takes_last,
        .needs_root = true,
        .run = up_run,
};
