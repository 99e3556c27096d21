/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "cgroup/cgroup-use.h"
#include "drift/decide.h"
#include "drift/in-place-check.h"
#include "drift/switch-check.h"
#include "plan/in-place.h"

static bool limits_memory(const ContainerSpec *c) {
        for (size_t i = 0; i < c->n_resources; i++)
                if (c->resources[i].kind == RESOURCE_MEMORY_MAX ||
                    c->resources[i].kind == RESOURCE_MEMORY_HIGH ||
                    c->resources[i].kind == RESOURCE_MEMORY_SWAP_MAX)
                        return true;
        return false;
}

/* The kernel counts memory for a cgroup from when it has the controller on, and leaves all that was taken
 * before with the cgroup above: a limit would hold for the rest only. */
static char *find_uncounted_memory(const Project *project, const ContainerPlan *plan,
                                   const ContainerState *state, const MachineStatus *status) {
        _cleanup_close_ int fd = -EBADF;

        if (!status->running || !decide_is_known(state, plan->machine, project->facts.boot_id) ||
            !limits_memory(plan->spec) || !in_place_limits_differ(plan, state->definition))
                return NULL;
        fd = machine_open_payload_cgroup(status, project->facts.cgroup_root, plan->machine, NULL);
        return fd >= 0 && cgroup_use_read_memory(fd) == CGROUP_USE_UNKNOWN
                       ? xstrdup("the memory that it has taken so far is not counted")
                       : NULL;
}

char *in_place_find_obstacle(Project *project, const ContainerPlan *plan, const ContainerState *state,
                             const MachineStatus *status) {
        char *obstacle = switch_find_obstacle(project, plan, state, status);

        return obstacle ? obstacle : find_uncounted_memory(project, plan, state, status);
}
