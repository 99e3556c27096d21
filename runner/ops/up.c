/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "base/process.h"
#include "context/project-open.h"
#include "context/shared-use.h"
#include "context/shared.h"
#include "ops/attach.h"
#include "ops/hooks.h"
#include "ops/once-ports.h"
#include "ops/once-volumes.h"
#include "ops/orphans.h"
#include "ops/question.h"
#include "ops/snapshot-restore.h"
#include "ops/stop-and-remove.h"
#include "ops/up.h"
#include "spec/dependency.h"
#include "spec/network-share.h"
#include "view/dry-run.h"
#include "view/status-list.h"
#include "view/timings-report.h"
#include "view/timings-text.h"

int up_fleet(const FleetOptions *options, Project *project, char *const *names, char *const *asked,
             bool restart, Error *reterr) {
        _cleanup_(fleet_freep) Fleet *fleet = fleet_new(options, project);
        _cleanup_strv_ char **ready = NULL;
        int r;

        r = fleet_bring_up(fleet, names, asked, restart, reterr);
        if (options->timings)
                timings_end(options->timings, now_usec());
        ready = fleet_made_ready(fleet);
        fleet = fleet_free(fleet);
        return hooks_run_after_ready(project, ready, r);
}

/* @timings: NULL: not asked for */
static int up_print_status(Project *project, char *const *names, const Timings *timings, Error *reterr) {
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
                r = up_print_status(project, names, o->timings ? timings : NULL, reterr);
        if (r >= 0 && o->timings && o->timings[0])
                r = timings_write_svg(project, request, o->timings, timings, reterr);
        return r;
}

static int up_ask(void *userdata, Error *reterr) {
        const UpOptions *o = userdata;

        return question_ask("replace this for good?", o->yes, reterr);
}

/* Each after what it depends on, and with what shares a network that may begin anew. */
static char **up_order(const Spec *spec, char *const *asked, bool no_deps) {
        _cleanup_strv_ char **all = no_deps ? strv_copy(asked) : dependencies_order(spec, asked);

        return network_share_follow(spec, all);
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

/* Those that the main work tree has come first, since others may need them. What says more of a container
 * than to start it is about those of the project, or about what the user has named. */
static int up_shared(const ProjectRequest *request, const Project *project, const UpOptions *o,
                     Error *reterr) {
        ProjectRequest there = shared_request(request, project);
        Globals globals = *request->globals;
        _cleanup_strv_ char **needed = NULL;
        UpOptions copy = *o;
        int r = FC_EXIT_OK;

        /* The last part shows all. */
        globals.json = false;
        there.globals = &globals;
        copy.attach = copy.remove_orphans = false;
        copy.from = copy.timings = NULL;
        copy.volumes = copy.ports = copy.profiles = NULL;
        STRV_FOREACH (name, project->elsewhere)
                if (!o->force_recreate || !strv_contains(project->elsewhere_named, *name))
                        strv_push(&needed, *name);
        copy.force_recreate = false;
        if (needed)
                r = up_project(&there, &copy, needed, reterr);
        copy.force_recreate = true;
        return r == FC_EXIT_OK && o->force_recreate && project->elsewhere_named
                       ? up_project(&there, &copy, project->elsewhere_named, reterr)
                       : r;
}

/* What is started once the project, its names and what is changed for this once are known. */
static int up_start(const ProjectRequest *request, const UpOptions *o, Project *project, char *const *names,
                    char *const *asked, Timings *timings, Error *reterr) {
        FleetOptions fleet_options = FLEET_OPTIONS("up");
        int exit, r;

        r = project->elsewhere ? up_shared(request, project, o, reterr) : FC_EXIT_OK;
        if (r == FC_EXIT_OK)
                r = shared_use(project, names, "up", /* ret= */ NULL, reterr);
        if (r != FC_EXIT_OK)
                return r;
        fleet_options.ready_timeout_usec = o->timeout_usec;
        fleet_options.jobs = o->jobs;
        fleet_options.says = true;
        fleet_options.no_wait = o->no_wait;
        fleet_options.rm_on_failure = o->rm_on_failure;
        fleet_options.restart_changed = o->restart_changed;
        fleet_options.update_only = o->update_only;
        fleet_options.undo_all = o->attach;
        fleet_options.timings = o->timings ? timings : NULL;
        if (o->attach)
                return attach_up(&fleet_options, project, names, asked, o->force_recreate, reterr);
        exit = up_fleet(&fleet_options, project, names, asked, o->force_recreate, reterr);
        if (exit < 0)
                return exit;
        r = up_report(request, o, project, names, timings, reterr);
        return r < 0 ? r : exit;
}

int up_check_profiles(char *const *profiles, char *const *names, Error *reterr) {
        if (!profiles || !names || !names[0])
                return 0;
        return error_raise(reterr, FC_EXIT_USAGE,
                           "--profile takes no names: those are started whatever their profiles");
}

int up_project(const ProjectRequest *request, const UpOptions *o, char *const *operands, Error *reterr) {
        _cleanup_(project_done) Project project = PROJECT_NULL;
        _cleanup_strv_ char **asked = NULL, **names = NULL, **orphans = NULL;
        _cleanup_(timings_done) Timings timings = {.began_usec = o->timings ? now_usec() : 0};
        bool named = operands && operands[0];
        ProjectRequest parted = *request;
        int r = up_check_profiles(o->profiles, operands, reterr), hooks = FC_EXIT_OK;

        if (r < 0)
                return r;
        parted.part = o->no_deps ? PART_NAMED : PART_NEEDED;
        parted.profiles = o->profiles;
        r = project_open_selected(&parted, operands, &project, &asked, reterr);
        if (o->timings)
                timings.known_usec = now_usec();
        if (r >= 0)
                r = once_volumes_add(request, &project, operands, o->volumes, reterr);
        if (r >= 0)
                r = up_treat_orphans(&project, o, named, &orphans, &hooks, reterr);
        if (r != FC_EXIT_OK)
                return r;
        names = up_order(project.spec, asked, o->no_deps);
        r = once_ports_add(&project, operands, names, o->ports, reterr);
        if (r < 0)
                return r;
        if (o->from) {
                UpOptions copy = *o;

                r = snapshot_start_from(&project, names, asked, named, o->from, up_ask, &copy, reterr);
                if (r != FC_EXIT_OK)
                        return r;
        }
        if (request->globals->dry_run)
                return dry_run_up(&project, names, asked,
                                  &(DecideHow){.restart = o->force_recreate,
                                               .restart_changed = o->restart_changed,
                                               .update_only = o->update_only},
                                  o->no_wait, o->remove_orphans ? orphans : NULL, reterr);
        r = up_start(request, o, &project, names, asked, &timings, reterr);
        return r == FC_EXIT_OK ? hooks : r;
}
