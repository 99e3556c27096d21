/* SPDX-License-Identifier: MIT */

#include "machine/machine.h"
#include "base/alloc.h"
#include "ops/target.h"

int target_open(const Globals *globals, const char *container, Target *ret, Error *reterr) {
        char *const names[] = {(char *) container, NULL};
        _cleanup_strv_ char **selected = NULL;
        _cleanup_free_ char *machine = NULL;
        Project *project = &ret->project;
        MachineStatus status;
        int r;

        ret->payload_cgroup_fd = -EBADF;
        r = project_open_known(globals, names, project, &selected, reterr);
        if (r >= 0)
                r = facts_require(&project->facts, FACTS_CGROUP, reterr);
        if (r < 0)
                return r;
        machine = project_machine(project, container);
        r = machine_query(project->facts.cgroup_root, machine, &status, reterr);
        if (r < 0)
                return r;
        if (!status.running || status.leader == 0)
                return project_not_running(project, container, reterr);
        if (status.frozen)
                return machine_raise_frozen(&status, project->facts.cgroup_root, machine, container, reterr);
        ret->leader = status.leader;
        ret->payload_cgroup_fd =
                machine_open_payload_cgroup(&status, project->facts.cgroup_root, machine, reterr);
        return ret->payload_cgroup_fd < 0 ? ret->payload_cgroup_fd : 0;
}

void target_done(Target *t) {
        project_done(&t->project);
        t->payload_cgroup_fd = safe_close(t->payload_cgroup_fd);
}
