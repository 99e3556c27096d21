/* SPDX-License-Identifier: MIT */

#include "backend/supervisor-client.h"
#include "base/strv.h"

static const Backend *const backends[] = {&backend_supervisor};

const Backend *backend_choose(void) {
        return &backend_supervisor;
}

int machine_query(const char *cgroup_mount, const char *machine, MachineStatus *ret, Error *reterr) {
        MachineStatus found = {};

        for (size_t i = 0; i < ELEMENTSOF(backends); i++) {
                MachineStatus status;
                int r = backends[i]->query(cgroup_mount, machine, &status, reterr);

                if (r < 0)
                        return error_prefix(reterr, r, "machine '%s'", machine);
                if (status.running || (status.stale && !found.backend)) {
                        found = status;
                        found.backend = backends[i];
                }
                if (status.running)
                        break;
        }
        *ret = found;
        return 0;
}

int machine_list(const char *cgroup_mount, char ***ret, Error *reterr) {
        _cleanup_strv_ char **running = NULL;

        for (size_t i = 0; i < ELEMENTSOF(backends); i++) {
                _cleanup_strv_ char **all = NULL;
                int r = backends[i]->list(cgroup_mount, &all, reterr);

                if (r < 0)
                        return r;
                STRV_FOREACH (machine, all) {
                        MachineStatus status;

                        r = backends[i]->query(cgroup_mount, *machine, &status, reterr);
                        if (r < 0)
                                return error_prefix(reterr, r, "machine '%s'", *machine);
                        if (status.running)
                                strv_push(&running, *machine);
                }
        }
        *ret = TAKE_PTR(running);
        return 0;
}

int machine_open_payload_cgroup(const MachineStatus *status, const char *cgroup_mount, const char *machine,
                                Error *reterr) {
        if (!status->backend)
                return error_raise(reterr, FC_EXIT_NOT_RUNNING, "machine '%s' does not run", machine);
        return status->backend->open_payload_cgroup(cgroup_mount, machine, reterr);
}

char *machine_payload_path(const char *machine) {
        const Backend *backend = backend_choose();

        return backend->payload_path ? backend->payload_path(machine) : NULL;
}

int machine_kill(const char *cgroup_mount, const char *machine, Error *reterr) {
        for (size_t i = 0; i < ELEMENTSOF(backends); i++) {
                int r = backends[i]->kill(cgroup_mount, machine, reterr);

                if (r < 0)
                        return r;
        }
        return 0;
}

int machine_start(const Backend *backend, sd_event *event, const ContainerPlan *plan,
                  const StartResources *resources, int *ret_control_fd, Error *reterr) {
        int r;

        r = machine_kill(resources->cgroup_mount, plan->machine, reterr);
        return r < 0 ? r : backend->start(event, plan, resources, ret_control_fd, reterr);
}
