/* SPDX-License-Identifier: MIT */

#include <fcntl.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "drift/decide.h"
#include "drift/volume-drift.h"
#include "resources/resource-sources.h"

char **volume_drift_sources(const ContainerPlan *plan, char *const *ids) {
        char **sources = NULL;

        for (size_t i = 0; i < plan->n_mounts; i++)
                if (plan_mount_is_volume(&plan->mounts[i]))
                        strv_push(&sources, ids[i] ? ids[i] : "");
        return sources;
}

/* Return: an fd, -ENOENT, or a negative errno with an Error. */
static int open_now(const Project *project, const PlanMount *m, Error *reterr) {
        _cleanup_free_ char *path = NULL;
        int fd = -EBADF, r;

        if (m->kind != PLAN_MOUNT_NAMED_VOLUME && m->kind != PLAN_MOUNT_LAYERED)
                return source_open(&project->sources, "", m->source, m->below, /* reads= */ false, reterr);
        path = xasprintf(STATE_DIR_VOLUMES "/%s", resource_volume_name(m));
        r = fs_open_beneath_optional(project->state.fd, path, O_PATH | O_DIRECTORY, &fd, reterr);
        return r < 0 ? r : fd < 0 ? -ENOENT : fd;
}

/* What became of one; NULL: nothing, or it cannot be said. */
static const char *find_change(const Project *project, const PlanMount *m, const char *then) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *now = NULL;
        _cleanup_close_ int fd = open_now(project, m, &error);

        if (fd == -ENOENT)
                return "does not exist on the host any more";
        /* Something that a start refuses: a link that leads out of the project, for instance. */
        if (fd < 0)
                return error.exit == FC_EXIT_USAGE || error.exit == FC_EXIT_CONFLICT
                               ? "was replaced on the host"
                               : NULL;
        now = source_id_text(fd);
        return now[0] && !streq(now, then) ? "was replaced on the host" : NULL;
}

char **volume_drift_find(Project *project, const ContainerPlan *plan, const ContainerState *state,
                         const MachineStatus *status) {
        const ContainerSpec *c = plan->spec;
        char **lines = NULL;
        size_t volume = 0;

        if (c->n_volumes == 0 || !status->running ||
            !decide_is_known(state, plan->machine, project->facts.boot_id))
                return NULL;
        /* With others than at the start the definition is another one as well. */
        if (strv_length(state->volume_sources) != c->n_volumes || project_open_sources(project, NULL) < 0)
                return NULL;
        for (size_t i = 0; i < plan->n_mounts; i++) {
                const PlanMount *m = &plan->mounts[i];
                const char *then, *change;

                if (!plan_mount_is_volume(m))
                        continue;
                then = state->volume_sources[volume];
                change = then[0] ? find_change(project, m, then) : NULL;
                if (change)
                        strv_pushf(&lines, "volume '%s' %s", c->volumes[volume].source, change);
                volume++;
        }
        return lines;
}
