/* SPDX-License-Identifier: MIT */

#include "machine/machine.h"
#include "base/alloc.h"
#include "base/process.h"
#include "bus/guest-health.h"
#include "ops/health.h"
#include "enter/manager.h"

/* Who only looks waits for nobody for long. */
#define ANSWER_USEC USEC_PER_SEC

/* How long a manager that executes itself anew may take. */
#define RECONNECT_USEC (3 * USEC_PER_SEC)

typedef struct Watched {
        HealthWatch *all;
        char *name;
        char *machine;
        pid_t leader; /* that we are connected to; 0: none */
        GuestBus *bus;
        GuestHealth *health;
} Watched;

struct HealthWatch {
        const Project *project;
        sd_event *event;
        Watched *watched; /* does not move */
        size_t n_watched;
};

static void disconnect(Watched *w) {
        w->health = guest_health_free(w->health);
        w->bus = guest_bus_free(w->bus);
        w->leader = 0;
}

HealthWatch *health_watch_free(HealthWatch *watch) {
        if (!watch)
                return NULL;
        for (size_t i = 0; i < watch->n_watched; i++) {
                disconnect(&watch->watched[i]);
                free(watch->watched[i].name);
                free(watch->watched[i].machine);
        }
        free(watch->watched);
        (void) sd_event_unref(watch->event);
        free(watch);
        return NULL;
}

static void look(Watched *w, uint64_t patience_usec);

static void on_health(const FailedUnits *failed, void *userdata) {
        Watched *w = userdata;

        if (failed) {
                health_note(w->all->project, w->name, failed);
                return;
        }
        /* It has ended, or its systemd executes itself anew. */
        disconnect(w);
        look(w, RECONNECT_USEC);
}

static int connect_to(Watched *w, pid_t leader, uint64_t patience_usec, Error *reterr) {
        _cleanup_(enter_target_done) EnterTarget target = ENTER_TARGET_NULL;
        int r;

        r = enter_target_open(leader, &target, reterr);
        if (r >= 0)
                r = manager_open_patiently(&target, ANSWER_USEC, patience_usec, &w->bus, reterr);
        /* Its PID 1 is no systemd. */
        if (r < 0 || !w->bus)
                return r;
        w->leader = leader;
        r = guest_bus_attach(w->bus, w->all->event, reterr);
        return r < 0 ? r : guest_health_new(w->bus, w->all->event, on_health, w, &w->health, reterr);
}

/* One that cannot be asked tells when something happens to it again. */
static void look(Watched *w, uint64_t patience_usec) {
        MachineStatus now;

        if (machine_query(w->all->project->facts.cgroup_root, w->machine, &now, NULL) < 0 || !now.running ||
            now.leader <= 0)
                return;
        if (w->leader == now.leader)
                return;
        disconnect(w);
        if (connect_to(w, now.leader, patience_usec, NULL) < 0)
                disconnect(w);
}

int health_watch_new(const Project *project, sd_event *event, char *const *names, HealthWatch **ret,
                     Error *reterr) {
        _cleanup_(health_watch_freep) HealthWatch *watch = xmalloc0(sizeof(*watch));
        int r;

        r = facts_require(&project->facts, FACTS_CGROUP, reterr);
        if (r < 0)
                return r;
        *watch = (HealthWatch){.project = project, .event = sd_event_ref(event)};
        watch->watched = xnew0(Watched, strv_length(names));
        STRV_FOREACH (name, names) {
                Watched *w = &watch->watched[watch->n_watched++];

                *w = (Watched){
                        .all = watch, .name = xstrdup(*name), .machine = project_machine(project, *name)};
                look(w, /* patience_usec= */ 0);
        }
        *ret = TAKE_PTR(watch);
        return 0;
}

void health_watch_look(HealthWatch *watch, const char *container) {
        for (size_t i = 0; i < watch->n_watched; i++)
                if (streq(watch->watched[i].name, container))
                        look(&watch->watched[i], /* patience_usec= */ 0);
}
