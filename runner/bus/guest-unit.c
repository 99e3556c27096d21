/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "bus/guest-bus-internal.h"
#include "bus/guest-unit-message.h"
#include "bus/guest-unit.h"

enum { N_WATCHES = 4 };

struct GuestUnit {
        GuestBus *bus;
        char *name;
        char *path;
        sd_bus_slot *watches[N_WATCHES];
        sd_bus_slot *call;     /* StartTransientUnit */
        sd_bus_slot *question; /* GetAll */
        int code, status;      /* of the main process; code 0: has not ended */
        char *active_state;
        char *job_result; /* of the start job; NULL: has not ended */
        bool adopted;
        bool started;
        GuestUnitCallbacks callbacks;
};

static void unit_forget(GuestUnit *u) {
        for (size_t i = 0; i < N_WATCHES; i++)
                u->watches[i] = sd_bus_slot_unref(u->watches[i]);
        u->call = sd_bus_slot_unref(u->call);
        u->question = sd_bus_slot_unref(u->question);
}

GuestUnit *guest_unit_free(GuestUnit *u) {
        if (!u)
                return NULL;
        unit_forget(u);
        free(u->name);
        free(u->path);
        free(u->active_state);
        free(u->job_result);
        free(u);
        return NULL;
}

/* Last act: the callback may free the unit. */
static void unit_end(GuestUnit *u, const GuestUnitResult *result) {
        unit_forget(u);
        u->callbacks.done(result, u->callbacks.userdata);
}

static void unit_refused(GuestUnit *u, const char *reason, bool stopping) {
        unit_end(u, &(GuestUnitResult){
                            .end = GUEST_UNIT_REFUSED,
                            .reason = reason,
                            .stopping = stopping,
                    });
}

/* The unit does not run any more: tells how it ended. */
static void unit_ended(GuestUnit *u) {
        if (u->code != 0)
                unit_end(u, &(GuestUnitResult){
                                    .end = GUEST_UNIT_EXITED,
                                    .code = u->code,
                                    .status = u->status,
                            });
        else if (u->adopted || u->started)
                unit_end(u, &(GuestUnitResult){.end = GUEST_UNIT_UNKNOWN});
        else
                unit_refused(u, u->job_result ? u->job_result : "it was removed",
                             streq_ptr(u->job_result, "canceled"));
}

static int read_property(sd_bus_message *m, const char *name, void *userdata) {
        GuestUnit *u = userdata;
        const char *text;
        int r;

        if (streq(name, "ExecMainCode"))
                return sd_bus_message_read(m, "v", "i", &u->code);
        if (streq(name, "ExecMainStatus"))
                return sd_bus_message_read(m, "v", "i", &u->status);
        if (!streq(name, "ActiveState"))
                return sd_bus_message_skip(m, "v");

        r = sd_bus_message_read(m, "v", "s", &text);
        if (r >= 0) {
                free(u->active_state);
                u->active_state = xstrdup(text);
        }
        return r;
}

static bool unit_is_over(const GuestUnit *u) {
        if (!streq_ptr(u->active_state, "inactive") && !streq_ptr(u->active_state, "failed"))
                return false;
        /* A new unit is "inactive", too. */
        return u->code != 0 || u->job_result || u->adopted;
}

static void unit_started(GuestUnit *u) {
        if (u->callbacks.started && !u->started)
                u->callbacks.started(u->callbacks.userdata);
        u->started = true;
}

/* The properties of the kind (service) come before those of the unit, so the status of the main process is
 * known when the state changes; and what changed last is sent before UnitRemoved. */
static int guest_unit_on_properties(sd_bus_message *m, void *userdata, sd_bus_error *reterr) {
        GuestUnit *u = userdata;

        if (sd_bus_message_skip(m, "s") >= 0 && guest_bus_read_properties(m, read_property, u) >= 0 &&
            unit_is_over(u))
                unit_ended(u);
        return 0;
}

static int guest_unit_on_asked(sd_bus_message *m, void *userdata, sd_bus_error *reterr) {
        GuestUnit *u = userdata;

        u->question = sd_bus_slot_unref(u->question);
        if (sd_bus_is_open(u->bus->bus) <= 0)
                return 0;
        /* For a unit that is not there any more the manager makes up one that is inactive. */
        if (sd_bus_message_is_method_error(m, NULL) || guest_bus_read_properties(m, read_property, u) < 0 ||
            streq_ptr(u->active_state, "inactive") || streq_ptr(u->active_state, "failed"))
                unit_ended(u);
        else if (streq_ptr(u->active_state, "active"))
                unit_started(u);
        return 0;
}

/* Asks for all that the signals would have told. */
static int unit_ask(GuestUnit *u) {
        u->question = sd_bus_slot_unref(u->question);
        return sd_bus_call_method_async(u->bus->bus, &u->question, NULL, u->path, DBUS_PROPERTIES, "GetAll",
                                        guest_unit_on_asked, u, "s", "");
}

static int guest_unit_on_unit_removed(sd_bus_message *m, void *userdata, sd_bus_error *reterr) {
        GuestUnit *u = userdata;
        const char *name;

        if (sd_bus_message_read(m, "so", &name, NULL) < 0 || !streq(name, u->name))
                return 0;
        /* The start was refused; the answer that comes next says why. */
        if (u->call)
                return 0;
        /* A manager that reloads its configuration removes all units and makes them again. */
        if (u->code != 0 || unit_ask(u) < 0)
                unit_ended(u);
        return 0;
}

static int guest_unit_on_job_removed(sd_bus_message *m, void *userdata, sd_bus_error *reterr) {
        GuestUnit *u = userdata;
        const char *name, *result;

        if (sd_bus_message_read(m, "uoss", NULL, NULL, &name, &result) < 0 || !streq(name, u->name) ||
            u->job_result)
                return 0;
        u->job_result = xstrdup(result);
        if (unit_is_over(u))
                unit_ended(u);
        else if (streq(result, "done"))
                unit_started(u);
        return 0;
}

static int guest_unit_on_disconnected(sd_bus_message *m, void *userdata, sd_bus_error *reterr) {
        unit_end(userdata, &(GuestUnitResult){.end = GUEST_UNIT_DISCONNECTED});
        return 0;
}

static int guest_unit_on_started(sd_bus_message *m, void *userdata, sd_bus_error *reterr) {
        GuestUnit *u = userdata;
        const sd_bus_error *e = sd_bus_message_get_error(m);

        u->call = sd_bus_slot_unref(u->call);
        if (!e && sd_bus_message_has_signature(m, "o") <= 0)
                unit_refused(u, "its answer cannot be understood", /* stopping= */ false);
        if (!e)
                return 0;
        /* For a connection that ended sd-bus answers itself; Disconnected follows. */
        if (sd_bus_is_open(u->bus->bus) > 0)
                unit_refused(u, e->message ? e->message : e->name,
                             /* Starting conflicts with the shutdown that is under way. */
                             sd_bus_error_has_name(e, "org.freedesktop.systemd1.TransactionIsDestructive"));
        return 0;
}

static int unit_watch(GuestBus *bus, const char *name, const GuestUnitCallbacks *callbacks, GuestUnit **ret,
                      Error *reterr) {
        _cleanup_(guest_unit_freep) GuestUnit *u = xmalloc0(sizeof(GuestUnit));
        int r;

        *u = (GuestUnit){.bus = bus, .name = xstrdup(name), .callbacks = *callbacks};
        r = sd_bus_path_encode(SYSTEMD_UNIT_PATH, name, &u->path);
        if (r < 0)
                return error_set(reterr, r, "name unit '%s'", name);

        r = guest_bus_match(bus, &u->watches[0], u->path, DBUS_PROPERTIES, "PropertiesChanged",
                            guest_unit_on_properties, u, reterr);
        if (r >= 0)
                r = guest_bus_match(bus, &u->watches[1], SYSTEMD_PATH, SYSTEMD_MANAGER, "UnitRemoved",
                                    guest_unit_on_unit_removed, u, reterr);
        if (r >= 0)
                r = guest_bus_match(bus, &u->watches[2], SYSTEMD_PATH, SYSTEMD_MANAGER, "JobRemoved",
                                    guest_unit_on_job_removed, u, reterr);
        if (r >= 0)
                r = guest_bus_match(bus, &u->watches[3], DBUS_LOCAL_PATH, DBUS_LOCAL, "Disconnected",
                                    guest_unit_on_disconnected, u, reterr);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(u);
        return 0;
}

int guest_unit_start(GuestBus *bus, const GuestService *service, const GuestUnitCallbacks *callbacks,
                     GuestUnit **ret, Error *reterr) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        _cleanup_(guest_unit_freep) GuestUnit *u = NULL;
        int r;

        r = unit_watch(bus, service->name, callbacks, &u, reterr);
        if (r < 0)
                return r;
        r = guest_unit_message_new(bus->bus, service, &m);
        if (r >= 0)
                r = sd_bus_call_async(bus->bus, &u->call, m, guest_unit_on_started, u, 0);
        if (r < 0)
                return bus_error(&bus_guest, reterr, r, NULL, "start '%s' in the container", service->path);
        *ret = TAKE_PTR(u);
        return 0;
}

int guest_unit_adopt(GuestBus *bus, const char *name, const GuestUnitCallbacks *callbacks, GuestUnit **ret,
                     Error *reterr) {
        _cleanup_(guest_unit_freep) GuestUnit *u = NULL;
        int r;

        r = unit_watch(bus, name, callbacks, &u, reterr);
        if (r < 0)
                return r;
        u->adopted = true;
        r = unit_ask(u);
        if (r < 0)
                return bus_error(&bus_guest, reterr, r, NULL, "ask for unit '%s'", name);
        *ret = TAKE_PTR(u);
        return 0;
}

void guest_unit_kill(GuestUnit *u, int signal) {
        (void) sd_bus_call_method_async(u->bus->bus, NULL, NULL, SYSTEMD_PATH, SYSTEMD_MANAGER, "KillUnit",
                                        NULL, NULL, "ssi", u->name, "all", (int32_t) signal);
}

void guest_unit_stop(GuestUnit *u) {
        (void) sd_bus_call_method_async(u->bus->bus, NULL, NULL, SYSTEMD_PATH, SYSTEMD_MANAGER, "StopUnit",
                                        NULL, NULL, "ss", u->name, "replace");
}

int guest_unit_stop_by_name(GuestBus *bus, const char *name, Error *reterr) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        r = guest_bus_ask(bus, guest_bus_deadline(bus), SYSTEMD_PATH, SYSTEMD_MANAGER, "StopUnit", &error,
                          NULL, "ss", name, "replace");
        if (r < 0 && sd_bus_error_has_name(&error, ERROR_NO_SUCH_UNIT))
                return 0;
        if (r < 0)
                return bus_error(&bus_guest, reterr, r, &error, "stop unit '%s'", name);
        return 0;
}
