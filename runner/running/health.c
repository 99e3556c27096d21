/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "base/process.h"
#include "bus/guest-health.h"
#include "drift/decide.h"
#include "enter/manager.h"
#include "logs/event-health.h"
#include "running/failure.h"
#include "running/health.h"
#include "running/watch.h"

void health_note_end(const Project *project, const char *container, const ContainerState *state,
                     const RunRecords *records) {
        _cleanup_free_ char *machine = project_machine(project, container), *detail = NULL;
        _cleanup_(user_fs_leave) UserFs guard = USER_FS_NULL;
        Phase event;

        if (!decide_remembers_run(state, machine, project->facts.boot_id))
                return;
        event = run_records_tell_end(records, &detail);
        if (project->state.fd >= 0 && user_fs_enter(&project->state.user, &guard, NULL) >= 0)
                event_health_note_end(project->state.fd, container, state->started_usec, event, detail);
}

void health_note(const Project *project, const char *container, const FailedUnits *failed) {
        _cleanup_(user_fs_leave) UserFs guard = USER_FS_NULL;
        _cleanup_strv_ char **texts = NULL;

        for (size_t i = 0; i < failed->n; i++)
                strv_push_take(&texts, failure_describe_unit(&failed->units[i]));
        if (project->state.fd < 0 || user_fs_enter(&project->state.user, &guard, NULL) < 0)
                return;
        event_health_note(project->state.fd, container, texts);
}

/* ---- watching ---- */

/* A watcher must not block long on one guest. */
#define ANSWER_USEC USEC_PER_SEC

/* How long a manager that executes itself anew may take. */
#define RECONNECT_USEC (3 * USEC_PER_SEC)

typedef struct Connection {
        pid_t leader; /* that we are connected to; 0: none */
        GuestBus *bus;
        GuestHealth *health;
} Connection;

struct HealthWatch {
        MachineWatch machines;
        Connection *connections; /* one for each */
};

static void health_disconnect(Connection *c) {
        c->health = guest_health_free(c->health);
        c->bus = guest_bus_free(c->bus);
        c->leader = 0;
}

HealthWatch *health_watch_free(HealthWatch *watch) {
        if (!watch)
                return NULL;
        for (size_t i = 0; i < watch->machines.n; i++)
                health_disconnect(&watch->connections[i]);
        free(watch->connections);
        machine_watch_done(&watch->machines);
        free(watch);
        return NULL;
}

static void health_look(Watched *x, uint64_t patience_usec);

static void health_on_change(const FailedUnits *failed, void *userdata) {
        Watched *x = userdata;

        if (failed) {
                health_note(x->watch->project, x->name, failed);
                return;
        }
        /* The guest has ended, or its systemd executes itself anew. */
        health_disconnect(x->part);
        health_look(x, RECONNECT_USEC);
}

static int health_connect(Watched *x, uint64_t patience_usec, Error *reterr) {
        _cleanup_(enter_target_done) EnterTarget target = ENTER_TARGET_NULL;
        sd_event *event = x->watch->event;
        Connection *c = x->part;
        int r;

        r = enter_target_open(x->status.leader, &target, reterr);
        if (r >= 0)
                r = manager_open_patiently(&target, /* boots= */ false, ANSWER_USEC, patience_usec, &c->bus,
                                           reterr);
        /* Its PID 1 is not a systemd. */
        if (r < 0 || !c->bus)
                return r;
        c->leader = x->status.leader;
        r = guest_bus_attach(c->bus, event, reterr);
        return r < 0 ? r : guest_health_new(c->bus, event, health_on_change, x, &c->health, reterr);
}

/* A container that cannot be asked is looked at again when something happens to it. */
static void health_look(Watched *x, uint64_t patience_usec) {
        Connection *c = x->part;

        if (watched_look(x, NULL) < 0 || !x->status.running || x->status.leader <= 0)
                return;
        if (c->leader == x->status.leader)
                return;
        health_disconnect(c);
        if (health_connect(x, patience_usec, NULL) < 0)
                health_disconnect(c);
}

int health_watch_new(Project *project, sd_event *event, char *const *names, HealthWatch **ret,
                     Error *reterr) {
        _cleanup_(health_watch_freep) HealthWatch *watch = xmalloc0(sizeof(*watch));
        int r;

        r = facts_require(&project->facts, FACTS_CGROUP, reterr);
        if (r < 0)
                return r;
        watch->connections = xnew0(Connection, strv_length(names));
        r = machine_watch_open(&watch->machines, project, event, names, reterr);
        if (r < 0)
                return r;
        for (size_t i = 0; i < watch->machines.n; i++) {
                watch->machines.entries[i].part = &watch->connections[i];
                health_look(&watch->machines.entries[i], /* patience_usec= */ 0);
        }
        *ret = TAKE_PTR(watch);
        return 0;
}

void health_watch_look(HealthWatch *watch, const char *container) {
        Watched *x = machine_watch_find(&watch->machines, container);

        if (x)
                health_look(x, /* patience_usec= */ 0);
}

static void health_on_event(const char *container, void *userdata) {
        health_watch_look(userdata, container);
}

int health_follow_events(Project *project, char *const *names, EventRequest *request, Error *reterr) {
        _cleanup_(sd_event_unrefp) sd_event *event = NULL;
        _cleanup_(health_watch_freep) HealthWatch *health = NULL;
        int r;

        r = sd_event_new(&event);
        if (r < 0)
                return error_set(reterr, r, "make an event loop");
        request->event = event;
        if (geteuid() == 0) {
                r = health_watch_new(project, event, names, &health, reterr);
                if (r < 0)
                        return r;
                request->seen = health_on_event;
                request->userdata = health;
        }
        return events_show(request, stdout, reterr);
}
