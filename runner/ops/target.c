/* SPDX-License-Identifier: MIT */

#include "machine/machine.h"
#include "base/alloc.h"
#include "ops/target.h"

int target_open(const Globals *globals, const char *container, Target *ret, Error *reterr) {
        char *const names[] = {(char *) container, NULL};
        _cleanup_strv_ char **selected = NULL;
        _cleanup_free_ char *machine = NULL;
        Session *s = &ret->session;
        MachineStatus status;
        int r;

        ret->payload_cgroup_fd = -EBADF;
        r = session_open_known(globals, names, s, &selected, reterr);
        if (r >= 0)
                r = facts_require(&s->facts, FACTS_CGROUP, reterr);
        if (r < 0)
                return r;
        machine = session_machine(s, container);
        r = machine_query(s->facts.cgroup_root, machine, &status, reterr);
        if (r < 0)
                return r;
        if (!status.running || status.leader == 0)
                return session_not_running(s, container, reterr);
        if (status.frozen)
                return machine_raise_frozen(&status, s->facts.cgroup_root, machine, container, reterr);
        ret->leader = status.leader;
        ret->payload_cgroup_fd = machine_open_payload_cgroup(&status, s->facts.cgroup_root, machine, reterr);
        return ret->payload_cgroup_fd < 0 ? ret->payload_cgroup_fd : 0;
}

void target_done(Target *t) {
        session_done(&t->session);
        t->payload_cgroup_fd = safe_close(t->payload_cgroup_fd);
}
