/* SPDX-License-Identifier: MIT */

#include <signal.h>
#include <string.h>

#include "base/alloc.h"
#include "base/process.h"
#include "base/strv.h"
#include "bus/guest-bus-internal.h"
#include "bus/guest-unit.h"
#include "bus/guest-watch.h"

typedef struct WatchedUnit {
        GuestWatch *watch;
        char *name;
        char *path;
        sd_bus_slot *question; /* GetAll: what it was before the first change that we are told of */
        bool wanted;
        bool passed; /* not known to have been restarted: not watched */
        bool known;
        char *load_state, *active_state, *sub_state, *type, *result;
        uint32_t restarts;
        uint32_t job;                     /* 0: none is queued */
        uint64_t active_usec, ended_usec; /* CLOCK_MONOTONIC, which a guest shares with its host */
} WatchedUnit;

struct GuestWatch {
        GuestBus *bus;
        sd_bus_slot *properties, *disconnected, *services;
        sd_event_source *settle; /* when to look again at a unit that was restarted */
        sd_event_source *deferred;
        WatchedUnit *units; /* does not move */
        size_t n_units;
        size_t n_asked; /* answers without which it is not known whether there is more to wait for */
        char *failed;   /* a unit that has failed, watched or not */
        WatchChanged callback;
        void *userdata;
};

static const WatchedUnit *guest_watch_find_unit(const GuestWatch *w, const char *name) {
        for (size_t i = 0; i < w->n_units; i++)
                if (streq(w->units[i].name, name))
                        return &w->units[i];
        return NULL;
}

GuestWatch *guest_watch_free(GuestWatch *w) {
        if (!w)
                return NULL;
        sd_bus_slot_unref(w->properties);
        sd_bus_slot_unref(w->disconnected);
        sd_bus_slot_unref(w->services);
        sd_event_source_disable_unref(w->settle);
        sd_event_source_disable_unref(w->deferred);
        for (size_t i = 0; i < w->n_units; i++) {
                WatchedUnit *u = &w->units[i];

                sd_bus_slot_unref(u->question);
                free(u->name);
                free(u->path);
                free(u->load_state);
                free(u->active_state);
                free(u->sub_state);
                free(u->type);
                free(u->result);
        }
        free(w->units);
        free(w->failed);
        free(w);
        return NULL;
}

static int read_string(sd_bus_message *m, char **target) {
        const char *text;
        int r;

        r = sd_bus_message_read(m, "v", "s", &text);
        if (r >= 0) {
                free(*target);
                *target = xstrdup(text);
        }
        return r;
}

static int guest_watch_read_unit_property(sd_bus_message *m, const char *name, void *userdata) {
        WatchedUnit *u = userdata;

        if (streq(name, "LoadState"))
                return read_string(m, &u->load_state);
        if (streq(name, "ActiveState"))
                return read_string(m, &u->active_state);
        if (streq(name, "SubState"))
                return read_string(m, &u->sub_state);
        if (streq(name, "Type"))
                return read_string(m, &u->type);
        if (streq(name, "Result"))
                return read_string(m, &u->result);
        if (streq(name, "Job"))
                return sd_bus_message_read(m, "v", "(uo)", &u->job, NULL);
        if (streq(name, "NRestarts"))
                return sd_bus_message_read(m, "v", "u", &u->restarts);
        if (streq(name, "ActiveEnterTimestampMonotonic"))
                return sd_bus_message_read(m, "v", "t", &u->active_usec);
        if (streq(name, "ExecMainExitTimestampMonotonic"))
                return sd_bus_message_read(m, "v", "t", &u->ended_usec);
        return sd_bus_message_skip(m, "v");
}

static bool state_is(const WatchedUnit *u, const char *state) {
        return streq_ptr(u->active_state, state);
}

/* A service that did what it was there for is inactive afterwards, as it was before. */
static bool has_succeeded(const WatchedUnit *u) {
        return state_is(u, "inactive") && streq_ptr(u->type, "oneshot") && u->ended_usec > 0 &&
               streq_ptr(u->result, "success");
}

/* @ret_settle: when it will have held out long enough, if only that is missing. */
static WatchVerdict unit_verdict(const WatchedUnit *u, uint64_t *ret_settle) {
        if (u->passed)
                return WATCH_READY;
        if (!u->known)
                return WATCH_WAIT;
        if (u->wanted && !streq_ptr(u->load_state, "loaded") && !streq_ptr(u->load_state, "merged"))
                return WATCH_MISSING;
        if (state_is(u, "failed"))
                return WATCH_FAILED;
        if (state_is(u, "active") || state_is(u, "reloading")) {
                if (u->restarts == 0 || now_usec() >= u->active_usec + GUEST_WATCH_SETTLE_USEC)
                        return WATCH_READY;
                *ret_settle = u->active_usec + GUEST_WATCH_SETTLE_USEC;
                return WATCH_WAIT;
        }
        if (has_succeeded(u))
                return WATCH_READY;
        /* It has been stopped, and is not one of those asked for. (While it is restarted there is a job.) */
        return !u->wanted && state_is(u, "inactive") && u->job == 0 ? WATCH_READY : WATCH_WAIT;
}

static char *unit_text(const WatchedUnit *u, WatchVerdict verdict) {
        if (verdict == WATCH_MISSING)
                return xasprintf("unit '%s' cannot be loaded: %s", u->name,
                                 u->load_state ? u->load_state : "unknown");
        if (!u->known)
                return xasprintf("%s", u->name);
        if (u->restarts > 0)
                return xasprintf("%s keeps being restarted: %u restart%s, %s (%s)", u->name, u->restarts,
                                 u->restarts > 1 ? "s" : "", u->active_state, u->sub_state);
        return xasprintf("%s is %s (%s)", u->name, u->active_state, u->sub_state);
}

/* From the loop, not from the connection: the callback may free all of this. */
static void schedule_look(GuestWatch *w) {
        (void) sd_event_source_set_enabled(w->deferred, SD_EVENT_ONESHOT);
}

static void look(GuestWatch *w) {
        WatchVerdict verdict = WATCH_READY;
        const WatchedUnit *about = NULL;
        _cleanup_free_ char *text = NULL;
        uint64_t settle = 0;

        for (size_t i = 0; i < w->n_units && verdict <= WATCH_READY; i++) {
                WatchVerdict v = unit_verdict(&w->units[i], &settle);

                /* The first that is waited for; a failure counts more. */
                if (v > WATCH_READY || (v == WATCH_WAIT && verdict == WATCH_READY)) {
                        verdict = v;
                        about = &w->units[i];
                }
        }
        if (w->failed && verdict != WATCH_MISSING) {
                verdict = WATCH_FAILED;
                /* It may have recovered by now. */
                free(w->failed);
                w->failed = NULL;
                schedule_look(w);
        }
        if (w->n_asked > 0 && verdict == WATCH_READY)
                return;
        if (settle > 0) {
                (void) sd_event_source_set_time(w->settle, settle);
                (void) sd_event_source_set_enabled(w->settle, SD_EVENT_ONESHOT);
        }
        text = about ? unit_text(about, verdict) : NULL;
        w->callback(verdict, about ? about->name : NULL, text, w->userdata);
}

static int guest_watch_on_deferred(sd_event_source *s, void *userdata) {
        look(userdata);
        return 0;
}

static int guest_watch_on_settled(sd_event_source *s, uint64_t usec, void *userdata) {
        look(userdata);
        return 0;
}

static void note_failed(GuestWatch *w, sd_bus_message *m) {
        _cleanup_free_ char *unit = NULL, *state = NULL;

        if (guest_bus_read_active_state(m, &unit, &state) <= 0 || !streq(state, "failed"))
                return;
        free(w->failed);
        w->failed = TAKE_PTR(unit);
        schedule_look(w);
}

static int guest_watch_on_properties(sd_bus_message *m, void *userdata, sd_bus_error *reterr) {
        const char *path = sd_bus_message_get_path(m);
        GuestWatch *w = userdata;

        if (!path || sd_bus_message_skip(m, "s") < 0)
                return 0;
        for (size_t i = 0; i < w->n_units; i++)
                if (!w->units[i].passed && streq(w->units[i].path, path)) {
                        (void) guest_bus_read_properties(m, guest_watch_read_unit_property, &w->units[i]);
                        schedule_look(w);
                        return 0;
                }
        note_failed(w, m);
        return 0;
}

static int guest_watch_on_asked(sd_bus_message *m, void *userdata, sd_bus_error *reterr) {
        WatchedUnit *u = userdata;

        u->question = sd_bus_slot_unref(u->question);
        /* A manager that is too busy to answer still sends what changes. */
        if (!sd_bus_message_is_method_error(m, NULL))
                u->known = guest_bus_read_properties(m, guest_watch_read_unit_property, u) >= 0;
        schedule_look(u->watch);
        return 0;
}

static int watch_unit(WatchedUnit *u, Error *reterr) {
        int r;

        /* GetAll also loads the unit. If it does not exist, LoadState says so. */
        r = sd_bus_call_method_async(u->watch->bus->bus, &u->question, NULL, u->path, DBUS_PROPERTIES,
                                     "GetAll", guest_watch_on_asked, u, "s", "");
        if (r < 0)
                return bus_error(&bus_guest, reterr, r, NULL, "ask for unit '%s'", u->name);
        return 0;
}

static int guest_watch_on_disconnected(sd_bus_message *m, void *userdata, sd_bus_error *reterr) {
        GuestWatch *w = userdata;

        w->callback(WATCH_LOST, NULL, NULL, w->userdata);
        return 0;
}

static int on_restarts(sd_bus_message *m, void *userdata, sd_bus_error *reterr) {
        WatchedUnit *u = userdata;
        uint32_t restarts = 0;

        u->question = sd_bus_slot_unref(u->question);
        u->watch->n_asked--;
        if (!sd_bus_message_is_method_error(m, NULL) && sd_bus_message_read(m, "v", "u", &restarts) >= 0 &&
            restarts > 0)
                u->passed = watch_unit(u, NULL) < 0;
        schedule_look(u->watch);
        return 0;
}

/* All at once, which takes no longer than one question. */
static int ask_restarts(WatchedUnit *u, Error *reterr) {
        int r;

        r = sd_bus_call_method_async(u->watch->bus->bus, &u->question, NULL, u->path, DBUS_PROPERTIES, "Get",
                                     on_restarts, u, "ss", SYSTEMD_SERVICE, "NRestarts");
        if (r < 0)
                return bus_error(&bus_guest, reterr, r, NULL, "ask for unit '%s'", u->name);
        u->watch->n_asked++;
        u->passed = true;
        return 0;
}

/* The services that run or are about to: those that are being restarted at the moment, and the others. */
static int read_services(sd_bus_message *reply, char ***ret_restarting, char ***ret_others) {
        const char *name, *sub_state;
        size_t n = 0;
        int r;

        r = sd_bus_message_enter_container(reply, 'a', "(ssssssouso)");
        while (r >= 0 && n < GUEST_SERVICES_MAX &&
               (r = sd_bus_message_read(reply, "(ssssssouso)", &name, NULL, NULL, NULL, &sub_state, NULL,
                                        NULL, NULL, NULL, NULL)) > 0) {
                /* Before its first restart it has not been counted yet. */
                if (startswith(sub_state, "auto-restart"))
                        strv_push(ret_restarting, name);
                else if (!streq(sub_state, "exited") && !startswith(name, GUEST_UNIT_PREFIX))
                        strv_push(ret_others, name);
                n++;
        }
        return r;
}

/* @begin: what is asked of each first. */
static int add_units(GuestWatch *w, char *const *names, bool wanted, int (*begin)(WatchedUnit *, Error *),
                     Error *reterr) {
        STRV_FOREACH (name, names) {
                WatchedUnit *u = &w->units[w->n_units];
                int r;

                if (guest_watch_find_unit(w, *name))
                        continue;
                *u = (WatchedUnit){.watch = w, .name = xstrdup(*name), .wanted = wanted};
                w->n_units++;
                r = sd_bus_path_encode(SYSTEMD_UNIT_PATH, *name, &u->path);
                if (r < 0)
                        return error_set(reterr, r, "name unit '%s'", *name);
                r = begin(u, reterr);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int add_services(GuestWatch *w, sd_bus_message *m) {
        _cleanup_strv_ char **restarting = NULL, **others = NULL;
        int r;

        r = read_services(m, &restarting, &others);
        if (r >= 0)
                r = add_units(w, restarting, /* wanted= */ false, watch_unit, NULL);
        return r < 0 ? r : add_units(w, others, /* wanted= */ false, ask_restarts, NULL);
}

/* A manager that does not list its services is asked again over another connection. */
static int on_services(sd_bus_message *m, void *userdata, sd_bus_error *reterr) {
        GuestWatch *w = userdata;

        w->services = sd_bus_slot_unref(w->services);
        w->n_asked--;
        if (sd_bus_message_is_method_error(m, NULL) || add_services(w, m) < 0)
                w->callback(WATCH_LOST, NULL, NULL, w->userdata);
        else
                schedule_look(w);
        return 0;
}

static int ask_services(GuestWatch *w, Error *reterr) {
        int r = sd_bus_call_method_async(w->bus->bus, &w->services, NULL, SYSTEMD_PATH, SYSTEMD_MANAGER,
                                         "ListUnitsByPatterns", on_services, w, "asas", 2, "active",
                                         "activating", 1, "*.service");

        if (r < 0)
                return bus_error(&bus_guest, reterr, r, NULL, "list the container's services");
        w->n_asked++;
        return 0;
}

int guest_watch_new(GuestBus *bus, sd_event *event, char *const *units, WatchChanged callback,
                    void *userdata, GuestWatch **ret, Error *reterr) {
        _cleanup_(guest_watch_freep) GuestWatch *w = xmalloc0(sizeof(*w));
        int r;

        *w = (GuestWatch){.bus = bus, .callback = callback, .userdata = userdata};
        r = sd_event_add_time(event, &w->settle, CLOCK_MONOTONIC, UINT64_MAX, 1, guest_watch_on_settled, w);
        if (r >= 0)
                r = sd_event_source_set_enabled(w->settle, SD_EVENT_OFF);
        if (r >= 0)
                r = sd_event_add_defer(event, &w->deferred, guest_watch_on_deferred, w);
        if (r < 0)
                return error_set(reterr, r, "watch the container's units");
        /* Of all units, and before anything is asked. */
        r = guest_bus_match(bus, &w->properties, NULL, DBUS_PROPERTIES, "PropertiesChanged",
                            guest_watch_on_properties, w, reterr);
        if (r >= 0)
                r = guest_bus_match(bus, &w->disconnected, DBUS_LOCAL_PATH, DBUS_LOCAL, "Disconnected",
                                    guest_watch_on_disconnected, w, reterr);
        if (r < 0)
                return r;

        w->units = xnew0(WatchedUnit, strv_length(units) + GUEST_SERVICES_MAX);
        r = add_units(w, units, /* wanted= */ true, watch_unit, reterr);
        if (r >= 0)
                r = ask_services(w, reterr);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(w);
        return 0;
}
