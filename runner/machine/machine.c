/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "base/process.h"
#include "base/strv.h"
#include "machine/supervisor-client.h"
#include "machine/systemd-client.h"

static const Backend *const backends[] = {&backend_supervisor, &backend_systemd};

int backend_choose(const char *name, bool sd_booted, bool cgroup_unified, const Backend **ret,
                   Error *reterr) {
        bool possible = sd_booted && cgroup_unified;

        if (!name || streq(name, "auto")) {
                *ret = possible ? &backend_systemd : &backend_supervisor;
                return 0;
        }
        for (size_t i = 0; i < ELEMENTSOF(backends); i++) {
                if (!streq(name, backends[i]->name))
                        continue;
                if (backends[i] == &backend_systemd && !possible)
                        return error_raise(reterr, FC_EXIT_HOST, "--backend systemd: %s",
                                           sd_booted ? "this host has cgroups of version 1"
                                                     : "this host was not booted with systemd");
                *ret = backends[i];
                return 0;
        }
        return error_raise(reterr, FC_EXIT_USAGE,
                           "--backend: '%s': must be one of auto, supervisor, systemd", name);
}

MachineReporter *machine_reporter_free(MachineReporter *reporter) {
        return reporter ? reporter->free(reporter) : NULL;
}

int machine_query(const char *cgroup_mount, const char *machine, MachineStatus *ret, Error *reterr) {
        MachineStatus found = {};

        for (size_t i = 0; i < ELEMENTSOF(backends); i++) {
                MachineStatus status;
                int r = backends[i]->query(cgroup_mount, machine, &status, reterr);

                if (r < 0)
                        return error_prefix(reterr, r, "machine '%s'", machine);
                /* When its keeper ends, the rest ends, too. */
                if (status.keeper > 0 && process_is_ending(status.keeper))
                        status.keeper = 0;
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

int machine_look(const char *cgroup_mount, const char *machine, bool *ret_running, bool *ret_stale,
                 Error *reterr) {
        bool running = false, stale = false;

        for (size_t i = 0; !running && i < ELEMENTSOF(backends); i++) {
                bool left;
                int r = backends[i]->look(cgroup_mount, machine, &running, &left, reterr);

                if (r < 0)
                        return error_prefix(reterr, r, "machine '%s'", machine);
                stale = stale || left;
        }
        *ret_running = running;
        *ret_stale = stale && !running;
        return 0;
}

int machine_list_names(const char *cgroup_mount, char ***ret, Error *reterr) {
        _cleanup_strv_ char **names = NULL;

        for (size_t i = 0; i < ELEMENTSOF(backends); i++) {
                _cleanup_strv_ char **all = NULL;
                int r = backends[i]->list(cgroup_mount, &all, reterr);

                if (r < 0)
                        return r;
                STRV_FOREACH (machine, all)
                        if (!strv_contains(names, *machine))
                                strv_push(&names, *machine);
        }
        *ret = TAKE_PTR(names);
        return 0;
}

static int list_machines(const char *cgroup_mount, bool left, char ***ret, Error *reterr) {
        _cleanup_strv_ char **names = NULL, **found = NULL;
        int r = machine_list_names(cgroup_mount, &names, reterr);

        STRV_FOREACH (machine, names) {
                bool running, stale;

                if (r >= 0)
                        r = machine_look(cgroup_mount, *machine, &running, &stale, reterr);
                if (r >= 0 && (running || (left && stale)))
                        strv_push(&found, *machine);
        }
        if (r < 0)
                return r;
        *ret = TAKE_PTR(found);
        return 0;
}

int machine_list(const char *cgroup_mount, char ***ret, Error *reterr) {
        return list_machines(cgroup_mount, /* left= */ false, ret, reterr);
}

int machine_list_left(const char *cgroup_mount, char ***ret, Error *reterr) {
        return list_machines(cgroup_mount, /* left= */ true, ret, reterr);
}

int machine_open_payload_cgroup(const MachineStatus *status, const char *cgroup_mount, const char *machine,
                                Error *reterr) {
        if (!status->backend)
                return error_raise(reterr, FC_EXIT_NOT_RUNNING, "machine '%s' does not run", machine);
        return status->backend->open_payload_cgroup(cgroup_mount, machine, reterr);
}

char *machine_payload_path(const Backend *backend, const char *machine) {
        return backend->payload_path(machine);
}

int machine_pause(const MachineStatus *status, const char *cgroup_mount, const char *machine,
                  Error *reterr) {
        return status->backend->pause(cgroup_mount, machine, reterr);
}

int machine_unpause(const MachineStatus *status, const char *cgroup_mount, const char *machine,
                    Error *reterr) {
        return status->backend->unpause(cgroup_mount, machine, reterr);
}

int machine_limit(const MachineStatus *status, const MachineLimits *limits, Error *reterr) {
        return status->backend->limit(limits, reterr);
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
                  const StartResources *resources, int *ret_control_fd, MachineReporter **ret_reporter,
                  Error *reterr) {
        int r;

        r = machine_kill(resources->cgroup_mount, plan->machine, reterr);
        return r < 0 ? r : backend->start(event, plan, resources, ret_control_fd, ret_reporter, reterr);
}
