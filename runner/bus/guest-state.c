/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "base/process.h"
#include "bus/guest-bus-internal.h"
#include "bus/guest-state.h"

static const char *const manager_state_names[_MANAGER_STATE_MAX] = {
        [MANAGER_INITIALIZING] = "initializing", [MANAGER_STARTING] = "starting",
        [MANAGER_RUNNING] = "running",           [MANAGER_DEGRADED] = "degraded",
        [MANAGER_MAINTENANCE] = "maintenance",   [MANAGER_STOPPING] = "stopping",
        [MANAGER_OFFLINE] = "offline",           [MANAGER_UNKNOWN] = "unknown",
};

ManagerState manager_state_from_string(const char *s) {
        for (size_t i = 0; s && i < _MANAGER_STATE_MAX; i++)
                if (streq(manager_state_names[i], s))
                        return (ManagerState) i;
        return MANAGER_UNKNOWN;
}

/* systemd says "offline" only where it does not run, so a manager that answers never does. */
static ManagerState guest_state_read_state(sd_bus_message *m) {
        ManagerState state;
        const char *text;

        if (sd_bus_message_read(m, "v", "s", &text) < 0)
                return MANAGER_UNKNOWN;
        state = manager_state_from_string(text);
        return state == MANAGER_OFFLINE ? MANAGER_UNKNOWN : state;
}

int guest_bus_get_state(GuestBus *bus, ManagerState *ret, Error *reterr) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        r = guest_bus_ask(bus, guest_bus_deadline(bus), SYSTEMD_PATH, DBUS_PROPERTIES, "Get", &error, &reply,
                          "ss", SYSTEMD_MANAGER, "SystemState");
        if (r < 0)
                return bus_error(&bus_guest, reterr, r, &error, "ask for the container's system state");
        *ret = guest_state_read_state(reply);
        return 0;
}

struct GuestBootWatch {
        GuestBus *bus;
        sd_bus_slot *finished, *job, *disconnected, *question;
        bool ask_again; /* something changed while a question was under way */
        uint64_t asked_usec;
        GuestBooted callback;
        void *userdata;
};

static void boot_watch_clear(GuestBootWatch *w) {
        w->finished = sd_bus_slot_unref(w->finished);
        w->job = sd_bus_slot_unref(w->job);
        w->disconnected = sd_bus_slot_unref(w->disconnected);
        w->question = sd_bus_slot_unref(w->question);
}

GuestBootWatch *guest_boot_watch_free(GuestBootWatch *watch) {
        if (!watch)
                return NULL;
        boot_watch_clear(watch);
        free(watch);
        return NULL;
}

/* Last act: the callback may free the watch. */
static void boot_watch_end(GuestBootWatch *w, ManagerState state) {
        boot_watch_clear(w);
        w->callback(state, w->userdata);
}

static int boot_watch_ask(GuestBootWatch *w);

static int on_state(sd_bus_message *m, void *userdata, sd_bus_error *reterr) {
        GuestBootWatch *w = userdata;
        bool failed = sd_bus_message_is_method_error(m, NULL);

        w->question = sd_bus_slot_unref(w->question);
        if (sd_bus_is_open(w->bus->bus) <= 0) {
                boot_watch_end(w, MANAGER_OFFLINE);
                return 0;
        }
        if (!failed) {
                ManagerState state = guest_state_read_state(m);

                if (manager_state_is_booted(state)) {
                        boot_watch_end(w, state);
                        return 0;
                }
        }
        /* An error of a live manager says that it is too busy to answer in time: it still boots, it is asked
         * again, and the deadline for all of it is the caller's. */
        if ((w->ask_again || (failed && now_usec() - w->asked_usec > USEC_PER_SEC)) && boot_watch_ask(w) < 0)
                boot_watch_end(w, MANAGER_OFFLINE);
        return 0;
}

/* One question at a time: in a booting guest jobs end by the hundred. */
static int boot_watch_ask(GuestBootWatch *w) {
        if (w->question) {
                w->ask_again = true;
                return 0;
        }
        w->ask_again = false;
        w->asked_usec = now_usec();
        return sd_bus_call_method_async(w->bus->bus, &w->question, NULL, SYSTEMD_PATH, DBUS_PROPERTIES,
                                        "Get", on_state, w, "ss", SYSTEMD_MANAGER, "SystemState");
}

static int on_progress(sd_bus_message *m, void *userdata, sd_bus_error *reterr) {
        GuestBootWatch *w = userdata;

        if (boot_watch_ask(w) < 0)
                boot_watch_end(w, MANAGER_OFFLINE);
        return 0;
}

static int guest_state_on_disconnected(sd_bus_message *m, void *userdata, sd_bus_error *reterr) {
        boot_watch_end(userdata, MANAGER_OFFLINE);
        return 0;
}

int guest_bus_watch_booted(GuestBus *bus, GuestBooted callback, void *userdata, GuestBootWatch **ret,
                           Error *reterr) {
        _cleanup_(guest_boot_watch_freep) GuestBootWatch *w = xmalloc0(sizeof(GuestBootWatch));
        int r;

        *w = (GuestBootWatch){.bus = bus, .callback = callback, .userdata = userdata};

        /* StartupFinished is the rule. Jobs are watched too, because a guest that ends in emergency mode
         * reaches the state "maintenance" first. */
        r = guest_bus_match(bus, &w->finished, SYSTEMD_PATH, SYSTEMD_MANAGER, "StartupFinished", on_progress,
                            w, reterr);
        if (r >= 0)
                r = guest_bus_match(bus, &w->job, SYSTEMD_PATH, SYSTEMD_MANAGER, "JobRemoved", on_progress,
                                    w, reterr);
        if (r >= 0)
                r = guest_bus_match(bus, &w->disconnected, DBUS_LOCAL_PATH, DBUS_LOCAL, "Disconnected",
                                    guest_state_on_disconnected, w, reterr);
        if (r < 0)
                return r;

        r = boot_watch_ask(w);
        if (r < 0)
                return bus_error(&bus_guest, reterr, r, NULL, "ask for the container's system state");
        *ret = TAKE_PTR(w);
        return 0;
}
