/* SPDX-License-Identifier: MIT */

#include "machine/machine.h"
#include "base/alloc.h"
#include "ops/elsewhere.h"
#include "ops/resources.h"

int elsewhere_find(const Project *project, const char *container, const ContainerState *state,
                   char **ret_where, Error *reterr) {
        _cleanup_free_ char *machine = project_machine(project, container);
        MachineStatus status;
        int r;

        *ret_where = NULL;
        if (!state || streq(state->machine, machine) || !streq(state->boot_id, project->facts.boot_id))
                return 0;
        r = machine_query(project->facts.cgroup_root, state->machine, &status, reterr);
        if (r < 0 || !status.running)
                return r;
        *ret_where = resources_describe_machine(state->machine, NULL);
        if (!*ret_where)
                *ret_where = xasprintf("machine '%s'", state->machine);
        return 0;
}

void elsewhere_add_hint(Error *reterr) {
        error_add_hint(reterr,
                       "the directory was renamed, or is mounted at two places: stop it by the path with "
                       "which it was started");
}
