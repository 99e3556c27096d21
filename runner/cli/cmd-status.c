/* SPDX-License-Identifier: MIT */

#include "machine/machine.h"
#include "record/ephemeral.h"
#include "base/alloc.h"
#include "ops/network.h"
#include "ops/status-list.h"
#include "cli/verbs.h"
#include "state/identity.h"
#include "state/lock.h"
#include "state/runtime-dir.h"

typedef struct StatusOptions {
        bool check;
} StatusOptions;

static const Option options[] = {
        {"check", 0, OPTION_FLAG, offsetof(StatusOptions, check), NULL,
         "Exit 0 only when all are ready, 3 when one has failed, else 7"},
};

static int clear_ephemeral(const Project *project, const char *name, Error *reterr) {
        _cleanup_close_ int fd = -EBADF;
        int r;

        r = state_dir_container_open(&project->state, name, &fd, reterr);
        return r < 0 || fd < 0 ? r : ephemeral_remove(fd, reterr);
}

/* What a killed supervisor left: an empty cgroup, mount points of nspawn, the bridge. Not when a command is
 * at work on the container, which may be starting it at this moment. */
static int clear_stale(const Project *project, const StatusList *list, Error *reterr) {
        _cleanup_close_ int runtime_fd = -EBADF;
        int r;

        r = runtime_dir_open(RUNTIME_DIR_BASE, project->id, &runtime_fd, reterr);
        if (r < 0 || runtime_fd < 0)
                return r;
        for (size_t i = 0; i < list->n; i++) {
                char *const machines[] = {list->entries[i].machine, NULL};
                _cleanup_(lock_release) Lock lock = LOCK_NULL;

                if (!list->entries[i].stale)
                        continue;
                if (lock_acquire(runtime_fd, list->entries[i].name, "status", /* timeout_usec= */ 0, NULL,
                                 NULL, &lock, NULL) < 0)
                        continue;
                r = machine_kill(project->facts.cgroup_root, list->entries[i].machine, reterr);
                if (r < 0)
                        return r;
                r = clear_ephemeral(project, list->entries[i].name, reterr);
                if (r < 0)
                        return r;
                r = network_release(project, runtime_fd, machines, reterr);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int run(const ProjectRequest *request, const void *target, char *const *operands, Error *reterr) {
        const StatusOptions *o = target;
        _cleanup_(project_done) Project project = PROJECT_NULL;
        _cleanup_(status_list_done) StatusList list = {};
        _cleanup_strv_ char **names = NULL;
        int r;

        r = project_open_known(request, operands, &project, &names, reterr);
        if (r >= 0)
                r = status_list_gather(&project, names, &list, reterr);
        if (r < 0)
                return r;
        if (geteuid() == 0) {
                r = clear_stale(&project, &list, reterr);
                if (r < 0)
                        return r;
        }
        r = request->globals->json ? status_list_print_json(&project, &list, reterr)
                                   : status_list_print(&list, reterr);
        if (r < 0)
                return r;
        return o->check ? status_list_check(&list) : FC_EXIT_OK;
}

const Verb cmd_status = {
        .name = "status",
        .alias = "ps",
        .synopsis = "[NAME..]",
        .summary = "Show what runs",
        .options = options,
        .n_options = ELEMENTSOF(options),
        .target_size = sizeof(StatusOptions),
        .max_operands = SIZE_MAX,
        .run = run,
};
