/* SPDX-License-Identifier: MIT */

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/process.h"
#include "ops/attach.h"
#include "ops/dry-run.h"
#include "ops/hooks.h"
#include "ops/orphans.h"
#include "ops/snapshot.h"
#include "ops/status-list.h"
#include "ops/once-ports.h"
#include "ops/once-volumes.h"
#include "ops/question.h"
#include "ops/stop-and-remove.h"
#include "ops/timings-report.h"
#include "ops/timings-text.h"
#include "cli/verbs.h"
#include "spec/dependency.h"

typedef struct UpOptions {
        uint64_t timeout_usec;
        bool no_wait;
        bool no_deps;
        bool force_recreate;
        char *jobs;
        bool attach;
        bool rm_on_failure;
        bool restart_changed;
        bool update_only;
        char *from;
        bool remove_orphans;
        bool yes;
        char **volumes;
        char **ports;
        char *timings; /* "": no file */
} UpOptions;

static const Option up_options[] = {
        {"timeout", 0, OPTION_SECONDS, offsetof(UpOptions, timeout_usec), "SECONDS",
         "How long to wait until ready [ready.timeout]"},
        {"wait-timeout", 0, OPTION_SECONDS, offsetof(UpOptions, timeout_usec), "SECONDS",
         "Another name of --timeout"},
        {"no-wait", 0, OPTION_FLAG, offsetof(UpOptions, no_wait), NULL,
         "Return when they have been started"},
        {"no-deps", 0, OPTION_FLAG, offsetof(UpOptions, no_deps), NULL,
         "Leave alone what they depend on, and do not wait for it"},
        {"force-recreate", 0, OPTION_FLAG, offsetof(UpOptions, force_recreate), NULL,
         "Also restart what runs as it should; 'reset' gives it a fresh root"},
        {"jobs", 'j', OPTION_STRING, offsetof(UpOptions, jobs), "N",
         "Start so many at a time [all whose dependencies are there]"},
        {"rm-on-failure", 0, OPTION_FLAG, offsetof(UpOptions, rm_on_failure), NULL,
         "Stop again what did not become ready"},
        {"restart-changed", 0, OPTION_FLAG, offsetof(UpOptions, restart_changed), NULL,
         "Restart also what could take its new system while it runs"},
        {"update-only", 0, OPTION_FLAG, offsetof(UpOptions, update_only), NULL,
         "Start nothing that does not run"},
        {"from", 0, OPTION_STRING, offsetof(UpOptions, from), "LABEL",
         "Begin with what a snapshot has: roots and volumes"},
        {"remove-orphans", 0, OPTION_FLAG, offsetof(UpOptions, remove_orphans), NULL,
         "First stop and remove what the specification has no more; volumes stay"},
        {"yes", 'y', OPTION_FLAG, offsetof(UpOptions, yes), NULL,
         "Do not ask, with --from and --remove-orphans"},
        {"volume", 'v', OPTION_STRINGS, offsetof(UpOptions, volumes), "VOLUME",
         "Mount SOURCE:TARGET[:ro] in the one container NAME as well, until its next start"},
        {"publish", 'p', OPTION_STRINGS, offsetof(UpOptions, ports), "PORT",
         "Publish [NAME:][ADDRESS:]HOST:PORT[/udp] as well, until the next 'up'"},
        {"attach", 'a', OPTION_FLAG, offsetof(UpOptions, attach), NULL,
         "Stay, show the logs; Ctrl-C stops, a second one kills"},
        {"timings", 0, OPTION_OPTIONAL, offsetof(UpOptions, timings), "FILE",
         "Show where the time went, and draw it"},
        {"detach", 'd', OPTION_IGNORED, 0, NULL, "(always so, unless --attach)"},
        {"wait", 0, OPTION_IGNORED, 0, NULL, "(always so)"},
        {"build", 0, OPTION_IGNORED, 0, NULL, "(always so, of what has changed)"},
};

static void up_defaults(void *target) {
        ((UpOptions *) target)->timeout_usec = UINT64_MAX;
}

/* @timings: NULL: not asked for */
static int print_status(Project *project, char *const *names, const Timings *timings, Error *reterr) {
        _cleanup_(status_list_done) StatusList list = {};
        int r;

        r = status_list_gather(project, names, &list, reterr);
        return r < 0 ? r
                     : status_list_print_json(project, &list,
                                              timings ? timings_json(timings, project->spec) : NULL, reterr);
}

/* On standard output, since it was asked for; as JSON it is a part of the document. */
static int up_report(const ProjectRequest *request, const UpOptions *o, Project *project, char *const *names,
                     Timings *timings, Error *reterr) {
        bool json = request->globals->json;
        int r = 0;

        if (o->timings)
                timings_ask_guests(project, timings);
        if (o->timings && !json) {
                _cleanup_free_ char *text = timings_text(timings, project->spec);

                r = fputs(text, stdout) < 0 ? error_set(reterr, errno, "print the timings") : 0;
        }
        if (json)
                r = print_status(project, names, o->timings ? timings : NULL, reterr);
        if (r >= 0 && o->timings && o->timings[0])
                r = timings_write_svg(project, request->found_cwd, o->timings, timings, reterr);
        return r;
}

static int up_ask(void *userdata, Error *reterr) {
        const UpOptions *o = userdata;

        return question_ask("replace this for good?", o->yes, reterr);
}

static int up_parse_jobs(const char *text, size_t *ret, Error *reterr) {
        size_t n = strlen(text);

        if (n == 0 || n > 4 || strspn(text, "0123456789") != n || atoi(text) == 0)
                return error_raise(reterr, FC_EXIT_USAGE, "--jobs: '%.20s' is not a number from 1 to 9999",
                                   text);
        *ret = (size_t) atoi(text);
        return 0;
}

/* Each after what it depends on. */
static char **up_order(const Spec *spec, char *const *asked, bool no_deps) {
        _cleanup_strv_ char **all = dependencies_order(spec, asked);
        char **names = NULL;

        STRV_FOREACH (name, all)
                if (!no_deps || strv_contains(asked, *name))
                        strv_push(&names, *name);
        return names;
}

/* Named containers have a specification of their own, which says nothing about others. @ret_hooks: how those
 * went that ran before orphans were stopped. */
static int up_treat_orphans(Project *project, const UpOptions *o, bool named, char ***ret, int *ret_hooks,
                            Error *reterr) {
        FleetOptions options = FLEET_OPTIONS("up");
        int r;

        *ret_hooks = FC_EXIT_OK;
        if (named && o->remove_orphans)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "--remove-orphans takes no names: it is about the whole project");
        r = named ? 0 : orphans_find(project, ret, reterr);
        if (r < 0 || !*ret)
                return r;
        if (!o->remove_orphans)
                return orphans_tell(project, *ret, reterr);
        return project->globals->dry_run ? FC_EXIT_OK
                                         : stop_and_remove(&options, project, *ret, /* volumes= */ false,
                                                           /* every= */ false, o->yes, ret_hooks, reterr);
}

static int up_run(const ProjectRequest *request, const void *target, char *const *operands, Error *reterr) {
        const UpOptions *o = target;
        _cleanup_(project_done) Project project = PROJECT_NULL;
        FleetOptions fleet_options = FLEET_OPTIONS("up");
        _cleanup_(fleet_freep) Fleet *fleet = NULL;
        _cleanup_strv_ char **asked = NULL, **names = NULL, **orphans = NULL, **ready = NULL;
        _cleanup_(timings_done) Timings timings = {.began_usec = o->timings ? now_usec() : 0};
        int r, exit, hooks = FC_EXIT_OK;

        if (o->timings && o->attach)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "options '--timings' and '--attach' exclude each other");
        r = o->jobs ? up_parse_jobs(o->jobs, &fleet_options.jobs, reterr) : 0;
        if (r >= 0)
                r = project_open_selected(request, operands, &project, &asked, reterr);
        if (o->timings)
                timings.known_usec = now_usec();
        if (r >= 0)
                r = once_volumes_add(request, &project, operands, o->volumes, reterr);
        if (r >= 0)
                r = up_treat_orphans(&project, o, operands && operands[0], &orphans, &hooks, reterr);
        if (r != FC_EXIT_OK)
                return r;
        names = up_order(project.spec, asked, o->no_deps);
        r = once_ports_add(&project, operands, names, o->ports, reterr);
        if (r < 0)
                return r;
        if (o->from) {
                UpOptions copy = *o;

                r = snapshot_start_from(&project, names, asked, operands && operands[0], o->from, up_ask,
                                        &copy, reterr);
                if (r != FC_EXIT_OK)
                        return r;
        }
        if (request->globals->dry_run)
                return dry_run_up(&project, names, asked,
                                  &(DecideHow){.restart = o->force_recreate,
                                               .restart_changed = o->restart_changed,
                                               .update_only = o->update_only},
                                  o->no_wait, o->remove_orphans ? orphans : NULL, reterr);

        fleet_options.ready_timeout_usec = o->timeout_usec;
        fleet_options.says = true;
        fleet_options.no_wait = o->no_wait;
        fleet_options.rm_on_failure = o->rm_on_failure;
        fleet_options.restart_changed = o->restart_changed;
        fleet_options.update_only = o->update_only;
        fleet_options.undo_all = o->attach;
        fleet_options.timings = o->timings ? &timings : NULL;
        if (o->attach) {
                r = attach_up(&fleet_options, &project, names, asked, o->force_recreate, reterr);
                return r == FC_EXIT_OK ? hooks : r;
        }
        fleet = fleet_new(&fleet_options, &project);
        exit = fleet_bring_up(fleet, names, asked, o->force_recreate, reterr);
        if (o->timings)
                timings_end(&timings, now_usec());
        ready = fleet_made_ready(fleet);
        fleet = fleet_free(fleet);
        exit = hooks_run_after_ready(&project, ready, exit);
        if (exit >= 0) {
                r = up_report(request, o, &project, names, &timings, reterr);
                if (r < 0)
                        return r;
        }
        return exit == FC_EXIT_OK ? hooks : exit;
}

const Verb cmd_up = {
        .name = "up",
        .alias = "start",
        .synopsis = "[NAME..]",
        .summary = "Start what is not running, apply what changed, return when ready",
        .options = up_options,
        .n_options = ELEMENTSOF(up_options),
        .target_size = sizeof(UpOptions),
        .defaults = up_defaults,
        .max_operands = SIZE_MAX,
        .has_dry_run = true,
        .builds = true,
        .needs_root = true,
        .run = up_run,
};
