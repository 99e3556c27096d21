/* SPDX-License-Identifier: MIT */

#include <signal.h>

#include "base/alloc.h"
#include "running/running.h"
#include "running/watch.h"
#include "screen/error-print.h"

int machine_watch_open(MachineWatch *watch, Project *project, sd_event *event, char *const *names,
                       Error *reterr) {
        int r = 0;

        *watch = (MachineWatch){.project = project, .event = sd_event_ref(event)};
        if (!event)
                r = sd_event_new(&watch->event);
        if (r < 0)
                return error_set(reterr, r, "make an event loop");
        watch->entries = xnew0(Watched, strv_length(names));
        STRV_FOREACH (name, names)
                watch->entries[watch->n++] = (Watched){
                        .watch = watch,
                        .name = xstrdup(*name),
                        .machine = project_machine(project, *name),
                        .spec = project_container_spec(project, *name),
                };
        return 0;
}

void machine_watch_done(MachineWatch *watch) {
        for (size_t i = 0; i < watch->n; i++) {
                Watched *x = &watch->entries[i];

                (void) machine_end_free(x->end);
                error_done(&x->error);
                free(x->machine);
                free(x->name);
        }
        free(watch->entries);
        machine_watch_drop_signals(watch);
        (void) sd_event_unref(watch->event);
        *watch = (MachineWatch){};
}

Watched *machine_watch_find(const MachineWatch *watch, const char *name) {
        for (size_t i = 0; i < watch->n; i++)
                if (streq(watch->entries[i].name, name))
                        return &watch->entries[i];
        return NULL;
}

int machine_watch_add_signals(MachineWatch *watch, sd_event_signal_handler_t handler, void *userdata,
                              Error *reterr) {
        static const int numbers[ELEMENTSOF(watch->signals)] = {SIGINT, SIGTERM, SIGHUP};

        for (size_t i = 0; i < ELEMENTSOF(numbers); i++) {
                int r = sd_event_add_signal(watch->event, &watch->signals[i], numbers[i], handler, userdata);

                if (r < 0)
                        return error_set(reterr, r, "watch for signals");
        }
        return 0;
}

void machine_watch_drop_signals(MachineWatch *watch) {
        for (size_t i = 0; i < ELEMENTSOF(watch->signals); i++)
                watch->signals[i] = sd_event_source_disable_unref(watch->signals[i]);
}

int watched_look(Watched *x, Error *reterr) {
        return running_query(x->watch->project, x->name, &x->status, reterr);
}

int machine_watch_look(MachineWatch *watch, Error *reterr) {
        for (size_t i = 0; i < watch->n; i++) {
                int r = watched_look(&watch->entries[i], reterr);

                if (r < 0)
                        return r;
        }
        return 0;
}

static void watched_on_end(void *userdata) {
        Watched *x = userdata;

        x->ended(x);
}

int watched_follow(Watched *x, void (*ended)(Watched *x), Error *reterr) {
        int r;

        x->end = machine_end_free(x->end);
        x->ended = ended;
        r = machine_end_watch(x->watch->event, x->machine, &x->status, watched_on_end, x, &x->end, reterr);
        return r < 0 ? error_in_container(reterr, r, x->name) : r;
}

static bool machine_watch_goes_on(const MachineWatch *watch) {
        if (watch->stopped || sd_event_get_state(watch->event) == SD_EVENT_FINISHED)
                return false;
        for (size_t i = 0; i < watch->n; i++)
                if (!watch->entries[i].over)
                        return true;
        return false;
}

int machine_watch_run(MachineWatch *watch, Error *reterr) {
        int r = 0;

        while (r >= 0 && machine_watch_goes_on(watch))
                r = sd_event_run(watch->event, UINT64_MAX);
        return r < 0 ? error_set(reterr, r, "run the event loop") : 0;
}

int machine_watch_report(MachineWatch *watch) {
        int exit = FC_EXIT_OK;

        for (size_t i = 0; i < watch->n; i++) {
                Watched *x = &watch->entries[i];

                if (!error_is_set(&x->error))
                        continue;
                (void) error_about_container(&x->error, 0, x->name);
                if (!x->told)
                        report_error(stderr, &x->error, watch->project->progress);
                if (exit == FC_EXIT_OK)
                        exit = x->error.exit;
        }
        return exit;
}
