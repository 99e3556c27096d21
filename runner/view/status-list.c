/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "base/process.h"
#include "base/time-text.h"
#include "boot/boot-place.h"
#include "bus/guest-failed.h"
#include "bus/guest-state.h"
#include "cgroup/cgroup-use.h"
#include "context/network.h"
#include "context/shared-use.h"
#include "context/shared.h"
#include "drift/decide.h"
#include "drift/image-drift.h"
#include "drift/volume-drift.h"
#include "enter/manager.h"
#include "machine/machine.h"
#include "plan/definition.h"
#include "running/health.h"
#include "running/internet-loss.h"
#include "running/run-records.h"
#include "running/running.h"
#include "state/lock.h"
#include "state/runtime-dir.h"
#include "view/status-judge.h"
#include "view/status-list.h"

/* Of all containers' systemds together; each has a little in any case. */
#define ALL_ANSWERS_USEC (8 * USEC_PER_SEC)
#define ANSWERS_MIN_USEC (300 * USEC_PER_MSEC)

#define PATIENCE_USEC (500 * USEC_PER_MSEC)

void status_list_done(StatusList *list) {
        for (size_t i = 0; i < list->n; i++) {
                free(list->entries[i].name);
                free(list->entries[i].machine);
                (void) container_state_free(list->entries[i].state);
                strv_free(list->entries[i].notes);
                container_size_done(&list->entries[i].size);
        }
        free(list->entries);
        instance_list_done(&list->instances);
        boot_entry_done(&list->boot);
        project_list_done(&list->worktrees);
        *list = (StatusList){};
}

/* Is a command at work on it? Only root can tell. */
static bool status_is_at_work(const Project *project, const char *name) {
        _cleanup_close_ int project_fd = -EBADF;
        _cleanup_(lock_release) Lock lock = LOCK_NULL;

        return geteuid() != 0 || runtime_dir_open(RUNTIME_DIR_BASE, project->id, &project_fd, NULL) < 0 ||
               (project_fd >= 0 && lock_acquire(project_fd, name, "status", /* timeout_usec= */ 0, NULL,
                                                NULL, &lock, NULL) < 0);
}

/* While a command starts it the records may be of the run before; without root only what `status` says
 * tells that. */
static bool status_end_is_known(const Project *project, const ContainerStatus *c) {
        return c->phase != PHASE_STARTING &&
               decide_remembers_run(c->state, c->machine, project->facts.boot_id) &&
               (geteuid() != 0 || !status_is_at_work(project, c->name));
}

/* Return: 1 and its state, 0 its PID 1 is not systemd, or a negative errno. */
static int status_ask_manager(const ContainerStatus *c, uint64_t deadline_usec, GuestBus **ret_bus,
                              ManagerState *ret, Error *reterr) {
        _cleanup_(enter_target_done) EnterTarget target = ENTER_TARGET_NULL;
        _cleanup_(guest_bus_freep) GuestBus *bus = NULL;
        uint64_t now = now_usec();
        int r;

        r = enter_target_open(c->leader, &target, reterr);
        /* A systemd that has been ready listens, but for a moment in which it executes itself anew;
         * before its end it becomes another program. */
        if (r >= 0)
                r = manager_open_patiently(&target, /* boots= */ false,
                                           deadline_usec > now ? deadline_usec - now : 1,
                                           c->ready ? PATIENCE_USEC : 0, &bus, reterr);
        if (r < 0)
                return r;
        if (!bus && enter_target_is_shutting_down(&target)) {
                *ret = MANAGER_STOPPING;
                return 1;
        }
        if (!bus && c->ready && enter_target_is_systemd(&target))
                return error_raise(reterr, FC_EXIT_TIMEOUT, "its systemd does not listen");
        if (!bus)
                return 0;
        guest_bus_set_deadline(bus, deadline_usec);
        r = guest_bus_get_state(bus, ret, reterr);
        if (r < 0)
                return r;
        *ret_bus = TAKE_PTR(bus);
        return 1;
}

static void status_note_failed_units(const Project *project, ContainerStatus *c, GuestBus *bus) {
        FailedUnits failed = {};

        if (guest_bus_get_failed_units(bus, &failed, NULL) < 0)
                return;
        if (failed.n > 0)
                health_note(project, c->name, &failed);
        status_note_failed(c, &failed);
        failed_units_done(&failed);
}

static void status_ask(const Project *project, ContainerStatus *c, const ContainerSpec *spec,
                       uint64_t deadline_usec) {
        _cleanup_(guest_bus_freep) GuestBus *bus = NULL;
        _cleanup_(error_done) Error error = ERROR_NULL;
        ManagerState state;
        int r;

        r = status_ask_manager(c, deadline_usec, &bus, &state, &error);
        if (r < 0 && error.exit == FC_EXIT_NOT_RUNNING)
                status_judge_manager(c, spec, MANAGER_STOPPING);
        else if (r < 0)
                status_judge_silence(c);
        if (r <= 0)
                return;
        status_judge_manager(c, spec, state);
        if (state == MANAGER_RUNNING)
                health_note(project, c->name, &(FailedUnits){0});
        else if (c->phase == PHASE_DEGRADED)
                status_note_failed_units(project, c, bus);
}

/* Of an OCI image that cannot be looked at it is not known. */
static bool status_has_other_oci(const ContainerPlan *plan, const ContainerState *state) {
        const char *image = definition_get(state->definition, DEFINITION_IMAGE);

        return plan->spec->oci && plan->spec->oci->input && image &&
               !definition_get(state->definition, DEFINITION_EPHEMERAL) && !streq(image, plan->image);
}

static void status_note_image(Project *project, const ContainerPlan *plan, ContainerStatus *c) {
        _cleanup_close_ int fd = -EBADF;

        /* An ephemeral root is of the image each time. */
        if (!plan->image || plan->spec->ephemeral)
                return;
        if (status_has_other_oci(plan, c->state) ||
            (state_dir_container_open(&project->state, c->name, &fd, NULL) >= 0 && fd >= 0 &&
             image_drift_is_there(project, plan, fd)))
                strv_push(&c->notes, "its image has changed, reset starts from it");
}

static int status_note_drift(Project *project, const Network *network, const MachineStatus *status,
                             ContainerStatus *c, Error *reterr) {
        _cleanup_(container_plan_freep) ContainerPlan *plan = NULL;
        Decision d = {.spec = spec_find(project->spec, c->name), .state = c->state, .status = status};
        _cleanup_free_ char *definer = NULL;
        int r = 0;

        if (project_is_newer(project, c->name))
                return 0;
        if (!d.spec) {
                strv_push(&c->notes, "not in this specification");
                return 0;
        }
        /* What becomes of an image only root sees. */
        if (!c->state || (!c->running && geteuid() != 0))
                return 0;
        d.plan = plan = network_plan(network, project, d.spec);
        status_note_image(project, plan, c);
        if (!c->running)
                return 0;
        d.replaced = volume_drift_find(project, plan, c->state, status);
        decide_one(&d, project->facts.boot_id);
        if (d.changed)
                r = shared_find_definer(project, c->name, &definer, reterr);
        if (definer)
                strv_pushf(&c->notes, "runs as '%s' defines it, which is not as here", definer);
        else if (d.changed && r >= 0)
                strv_push(&c->notes, "definition changed, run up");
        else if (d.goal == GOAL_SWITCH)
                strv_push(&c->notes, "its last switch was interrupted, run up");
        if (!d.changed && d.spec->internet && c->since_usec > 0 && internet_is_lost(c->leader))
                strv_push(&c->notes, "no internet: pasta has ended, and is started again");
        STRV_FOREACH (line, d.replaced)
                strv_pushf(&c->notes, "%s, run up", *line);
        decisions_done(&d, 1);
        return r;
}

/* A systemd that does not answer costs the other containers time only. */
static uint64_t status_answer_deadline(uint64_t end_usec) {
        uint64_t now = now_usec(),
                 all = end_usec > now + ANSWERS_MIN_USEC ? end_usec : now + ANSWERS_MIN_USEC;

        return all < now + GUEST_BUS_ANSWERS_USEC ? all : now + GUEST_BUS_ANSWERS_USEC;
}

uint64_t status_read_memory(const Project *project, const MachineStatus *status, const char *machine,
                            bool *ret_ran_out) {
        _cleanup_close_ int fd =
                machine_open_payload_cgroup(status, project->facts.cgroup_root, machine, NULL);
        uint64_t memory = fd >= 0 ? cgroup_use_read_memory(fd) : CGROUP_USE_UNKNOWN;

        if (ret_ran_out)
                *ret_ran_out = memory != CGROUP_USE_UNKNOWN && cgroup_use_ran_out(fd);
        return memory == CGROUP_USE_UNKNOWN ? 0 : memory;
}

static void status_gather_memory(const Project *project, const MachineStatus *status, ContainerStatus *c) {
        bool ran_out;

        c->memory = status_read_memory(project, status, c->machine, &ran_out);
        if (ran_out)
                strv_push(&c->notes, "a process was killed for want of memory");
}

static int status_note_shared(const Project *project, ContainerStatus *c, Error *reterr) {
        _cleanup_strv_ char **users = NULL;
        int r = c->running ? shared_find_users(project, c->name, &users, reterr) : 0;

        if (project->worktree)
                strv_pushf(&c->notes, "shared, of '%s'", project->root);
        STRV_FOREACH (user, users)
                if (!project->worktree || !streq(*user, project->root))
                        strv_pushf(&c->notes, "shared with '%s'", *user);
        return r;
}

static int status_gather_one(Project *project, const char *name, const Network *network, uint64_t end_usec,
                             ContainerStatus *c, Error *reterr) {
        _cleanup_(run_records_done) RunRecords records = {};
        _cleanup_free_ char *where = NULL;
        const ContainerSpec *spec;
        MachineStatus machine;
        int r;

        c->name = xstrdup(name);
        c->machine = project_machine(project, name);
        r = running_query(project, name, &machine, reterr);
        if (r < 0)
                return r;
        r = project_load_state(project, name, &c->state, reterr);
        if (r < 0)
                return r;
        r = machine.running ? 0 : running_find_elsewhere(project, name, c->state, &where, reterr);
        if (r >= 0)
                r = run_records_read(project, name, &records, reterr);
        if (r < 0)
                return r;
        spec = project_container_spec(project, name);
        c->running = machine.running;
        c->paused = machine.frozen;
        c->frozen = c->paused || records.frozen;
        c->leader = machine.leader;
        c->crashes = records.crashes;
        c->stopping = c->running ? records.stop.holds : records.stop.exists;
        c->left_out = !c->running && !where &&
                      decide_is_left_out(spec, c->state, c->machine, project->facts.boot_id);
        if (c->running) {
                /* Where it runs a command, PID 1 is nspawn's. */
                if (status_judge_up(c) && geteuid() == 0 &&
                    !(c->state && definition_runs_command(c->state->definition)))
                        status_ask(project, c, spec, status_answer_deadline(end_usec));
                if (c->phase == PHASE_SEEDING && !status_is_at_work(project, name))
                        status_judge_unseeded(c);
                status_note_reboots(c);
                status_gather_memory(project, &machine, c);
        } else if (where)
                status_judge_elsewhere(c, where);
        else {
                bool starting =
                        records.end.how == ENDED_UNKNOWN && c->state && c->state->phase == PHASE_STARTING;

                status_judge_down(c, &(StatusFacts){
                                             .boot_id = project->facts.boot_id,
                                             .spec = spec,
                                             .end = &records.end,
                                             .being_started = starting && status_is_at_work(project, name),
                                     });
                if (status_end_is_known(project, c))
                        health_note_end(project, name, c->state, &records);
        }
        c->since_usec = status_ready_since(c);
        r = status_note_shared(project, c, reterr);
        return r >= 0 && project->spec ? status_note_drift(project, network, &machine, c, reterr) : r;
}

static int status_gather_all(Project *project, char *const *names, uint64_t end_usec, StatusList *list,
                             Error *reterr) {
        _cleanup_(network_done) Network network = {};
        bool changed;
        int r;

        r = project->spec ? network_read(project, &network, &changed, reterr) : 0;
        STRV_FOREACH (name, names)
                if (r >= 0)
                        r = status_gather_one(project, *name, &network, end_usec,
                                              XGROW(list->entries, list->n), reterr);
        return r;
}

static int status_gather_shared(const Project *project, uint64_t end_usec, StatusList *list, Error *reterr) {
        _cleanup_(project_done) Project home = PROJECT_NULL;
        int r = shared_open(project, &home, reterr);

        return r < 0 ? r : status_gather_all(&home, project->elsewhere, end_usec, list, reterr);
}

int status_list_gather(Project *project, char *const *names, StatusList *ret, Error *reterr) {
        _cleanup_(status_list_done) StatusList list = {};
        uint64_t end = now_usec() + ALL_ANSWERS_USEC;
        int r;

        r = facts_require(&project->facts, FACTS_CGROUP, reterr);
        if (r >= 0)
                r = status_gather_all(project, names, end, &list, reterr);
        if (r >= 0 && project->elsewhere)
                r = status_gather_shared(project, end, &list, reterr);
        if (r < 0)
                return r;
        *ret = list;
        list = (StatusList){};
        return 0;
}

int status_list_measure(Project *project, StatusList *list, Error *reterr) {
        for (size_t i = 0; i < list->n; i++) {
                ContainerStatus *c = &list->entries[i];
                int r = container_size_find(project, c->name, &c->size, reterr);

                if (r < 0)
                        return r;
        }
        list->measured = true;
        return 0;
}

int status_list_check(const StatusList *list, bool named) {
        int exit = FC_EXIT_OK;
        size_t n = 0;

        for (size_t i = 0; i < list->n; i++) {
                const ContainerStatus *c = &list->entries[i];

                if (phase_is_failure(c->phase))
                        return FC_EXIT_FAILED;
                if (!named && c->left_out)
                        continue;
                n++;
                if (!c->ready)
                        exit = FC_EXIT_NOT_RUNNING;
        }
        return n == 0 && list->n > 0 ? FC_EXIT_NOT_RUNNING : exit;
}

static Json *status_json(const ContainerStatus *c, bool measured, uint64_t now) {
        Json *o = json_new_object(), *ports = json_new_array(), *sockets = json_new_array();
        _cleanup_strv_ char **notes = status_notes(c, now);
        char time[TIMESTAMP_MAX];

        json_add_string(o, "name", c->name);
        json_add_string(o, "machine", c->machine);
        json_add_string(o, "state", phase_to_string(c->phase));
        json_add_bool(o, "running", c->running);
        json_add_bool(o, "ready", c->ready);
        if (c->leader > 0)
                json_add_uint(o, "leader", (uint64_t) c->leader);
        if (c->since_usec > 0)
                json_add_string(o, "readySince", timestamp_format(time, c->since_usec));
        if (c->crashes.restarts > 0) {
                json_add_uint(o, "restarts", c->crashes.restarts);
                json_add_string(o, "lastCrash", timestamp_format(time, c->crashes.crash_usec));
                json_add_string(o, "lastCrashReason", c->crashes.reason);
        }
        if (c->memory > 0)
                json_add_uint(o, "memory", c->memory);
        if (c->running && c->state)
                json_add_string(o, "address", c->state->address);
        for (size_t i = 0; c->running && c->state && i < c->state->n_ports; i++) {
                Json *p = json_new_object();

                json_add_string(p, "address", c->state->ports[i].address);
                json_add_uint(p, "host", c->state->ports[i].host);
                json_add_uint(p, "container", c->state->ports[i].container);
                json_add_string(p, "protocol", c->state->ports[i].udp ? "udp" : "tcp");
                json_append(ports, p);
        }
        json_add(o, "ports", ports);
        for (size_t i = 0; c->running && c->state && i < c->state->n_sockets; i++)
                json_append(sockets, bound_socket_json(&c->state->sockets[i]));
        json_add(o, "sockets", sockets);
        json_add_strv(o, "notes", notes);
        if (measured)
                json_add(o, "size", container_size_json(&c->size));
        return o;
}

int status_list_find_instances(const Project *project, StatusList *list, Error *reterr) {
        return project->state.instance ? 0 : instance_list(project, &list->instances, reterr);
}

int status_list_find_boot(const Project *project, StatusList *list, Error *reterr) {
        _cleanup_(boot_list_done) BootList units = {};
        _cleanup_free_ char *directory = boot_place_directory(project->facts.rootless);
        BootEntry *entry;
        int r = project->state.instance ? 0 : boot_list_gather(directory, &units, reterr);

        if (r < 0 || project->state.instance)
                return r;
        entry = (BootEntry *) boot_list_find(&units, &project->checkout);
        if (!entry)
                return 0;
        list->boot = *entry;
        *entry = (BootEntry){};
        return 0;
}

static Json *status_instances_json(const InstanceList *instances) {
        Json *array = json_new_array();

        for (size_t i = 0; i < instances->n; i++) {
                Json *o = json_new_object();

                json_add_string(o, "name", instances->entries[i].name);
                json_add_string(o, "id", instances->entries[i].id);
                json_add_bool(o, "dead", instances->entries[i].dead);
                json_add_strv(o, "running", instances->entries[i].running);
                json_append(array, o);
        }
        return array;
}

/* Owned by the caller. */
static Json *status_document(const Project *project, const StatusList *list, uint64_t now) {
        Json *document = json_new_object(), *o = json_new_object(), *containers = json_new_array();

        json_add_string(o, "id", project->id);
        json_add_string(o, "name", project->spec ? project->spec->project_name : NULL);
        json_add_string(o, "root", project->root);
        json_add(document, "project", o);
        json_add(document, "containers", containers);
        for (size_t i = 0; i < list->n; i++)
                json_append(containers, status_json(&list->entries[i], list->measured, now));
        return document;
}

char *status_list_to_line(const Project *project, const StatusList *list, uint64_t now) {
        _cleanup_(json_freep) Json *document = status_document(project, list, now);

        return json_print(document, /* pretty= */ false);
}

int status_list_print_json(const Project *project, const StatusList *list, Json *timings, Error *reterr) {
        _cleanup_(json_freep) Json *document = status_document(project, list, realtime_usec());
        _cleanup_free_ char *text = NULL;

        json_add(document, "instances", status_instances_json(&list->instances));
        if (list->boot.name)
                boot_json_add(document, &list->boot);
        if (list->worktrees.n > 0)
                json_add(document, "worktrees", project_list_json(&list->worktrees));
        if (timings)
                json_add(document, "timings", timings);
        text = json_print(document, /* pretty= */ true);
        return puts(text) < 0 ? error_set(reterr, errno, "print the status") : 0;
}
