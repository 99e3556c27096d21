/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "cli/verbs.h"
#include "view/status-table.h"
#include "view/status-watch.h"

typedef struct StatusOptions {
        bool check;
        bool size;
        bool watch;
        char *output;
} StatusOptions;

static const Option status_options[] = {
        {"check", 0, OPTION_FLAG, offsetof(StatusOptions, check), NULL,
         "Exit 0 only when all are ready, 3 when one has failed, else 7"},
        {"size", 's', OPTION_FLAG, offsetof(StatusOptions, size), NULL,
         "Also how much of the disk they and their volumes take"},
        {"output", 'o', OPTION_STRING, offsetof(StatusOptions, output), "VIEW",
         "wide (also machines and addresses) or json"},
        {"format", 0, OPTION_STRING, offsetof(StatusOptions, output), "VIEW", NULL},
        {"watch", 'w', OPTION_FLAG, offsetof(StatusOptions, watch), NULL,
         "Stay, and show each change; Ctrl-C ends"},
        {"all", 'a', OPTION_IGNORED, 0, NULL, "(always so)"},
};

/* Only root can read all of a root. */
static bool status_needs_root(const void *target) {
        return ((const StatusOptions *) target)->size;
}

static void status_print_instances(const InstanceList *instances) {
        for (size_t i = 0; i < instances->n; i++) {
                const FoundInstance *found = &instances->entries[i];
                _cleanup_free_ char *running = strv_join(found->running, ", ");

                (void) printf("fresh instance %s: %s\n", found->name,
                              found->dead  ? "its command has ended; to remove it: flake-containers gc"
                              : running[0] ? running
                                           : "nothing runs");
        }
}

static int status_check_options(const StatusOptions *o, Error *reterr) {
        if (o->watch && (o->check || o->size))
                return error_raise(reterr, FC_EXIT_USAGE, "options '--watch' and '--%s' exclude each other",
                                   o->check ? "check" : "size");
        if (!o->output || streq(o->output, "wide") || streq(o->output, "json") || streq(o->output, "table"))
                return 0;
        return error_raise(reterr, FC_EXIT_USAGE, "option '--output': '%s' must be one of wide, json",
                           o->output);
}

static int status_run(const ProjectRequest *request, const void *target, char *const *operands,
                      Error *reterr) {
        const StatusOptions *o = target;
        _cleanup_(project_done) Project project = PROJECT_NULL;
        _cleanup_(status_list_done) StatusList list = {};
        _cleanup_strv_ char **names = NULL;
        ProjectRequest parted = *request;
        bool json = request->globals->json || streq_ptr(o->output, "json");
        int r;

        parted.part = PART_NAMED;
        r = status_check_options(o, reterr);
        if (r >= 0 && o->watch)
                return status_watch(&parted, operands,
                                    &(StatusWatchOptions){streq_ptr(o->output, "wide"), json}, reterr);
        if (r >= 0)
                r = project_open_known(&parted, operands, &project, &names, reterr);
        if (r >= 0)
                r = status_list_gather(&project, names, &list, reterr);
        if (r >= 0)
                r = status_list_find_instances(&project, &list, reterr);
        if (r >= 0 && (!operands || !operands[0]))
                r = project_list_worktrees(project.root, project.id, &list.worktrees, reterr);
        if (r >= 0)
                r = status_list_find_boot(&project, &list, reterr);
        if (r >= 0 && o->size)
                r = status_list_measure(&project, &list, reterr);
        if (r < 0)
                return r;
        r = json ? status_list_print_json(&project, &list, /* timings= */ NULL, reterr)
                 : status_list_print(&list, streq_ptr(o->output, "wide"), reterr);
        if (r >= 0 && !json)
                r = project_list_tell_worktrees(&list.worktrees, reterr);
        if (r < 0)
                return r;
        if (!json) {
                status_print_instances(&list.instances);
                boot_entry_print(&list.boot, project.facts.rootless);
        }
        return o->check ? status_list_check(&list, operands && operands[0]) : FC_EXIT_OK;
}

const Verb cmd_status = {
        .name = "status",
        .alias = "ps",
        .synopsis = "[NAME..]",
        .summary = "Show what runs",
        .options = status_options,
        .n_options = ELEMENTSOF(status_options),
        .target_size = sizeof(StatusOptions),
        .max_operands = SIZE_MAX,
        .needs_root_for = status_needs_root,
        .in_instance = true,
        .looks = true,
        .run = status_run,
};
