/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "base/process.h"
#include "bus/host-unit-internal.h"
#include "bus/host-unit-message.h"

#define MATCH_OWNER                                                                                         \
        "type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0='" SYSTEMD_NAME "'"

/* For a manager that is being executed anew. */
#define MANAGER_TIMEOUT_USEC (30 * USEC_PER_SEC)

HostUnit *host_unit_free(HostUnit *unit) {
        if (!unit)
                return NULL;
        for (size_t i = 0; i < ELEMENTSOF(unit->slots); i++)
                (void) sd_bus_slot_unref(unit->slots[i]);
        free(unit->name);
        free(unit->path);
        free(unit->job);
        free(unit->status);
        free(unit);
        return NULL;
}

/* ---- watching ---- */

static int on_watched(sd_bus_message *m, void *userdata, sd_bus_error *e) {
        return 0; /* what is wrong with the bus shows in the next call */
}

static int host_unit_on_asked(sd_bus_message *m, void *userdata, sd_bus_error *e) {
        HostUnit *unit = userdata;
        _cleanup_free_ char *state = NULL;

        if (unit->gone)
                return 0;
        if (sd_bus_message_is_method_error(m, ERROR_NO_SUCH_UNIT)) {
                unit->gone = true;
                if (unit->handlers->gone)
                        unit->handlers->gone(unit->userdata);
                return 0;
        }
        /* For a result that was told while we could not hear it, or of a job that we do not know. */
        if (!sd_bus_message_is_method_error(m, NULL) && unit->handlers->started &&
            sd_bus_get_property_string(unit->bus->bus, SYSTEMD_NAME, unit->path, SYSTEMD_UNIT, "ActiveState",
                                       NULL, &state) >= 0 &&
            streq(state, "active"))
                unit->handlers->started("done", unit->userdata);
        return 0;
}

/* Whether it is gone, or whether it runs. */
static void host_unit_ask(HostUnit *unit) {
        unit->slots[SLOT_ASKED] = sd_bus_slot_unref(unit->slots[SLOT_ASKED]);
        (void) sd_bus_call_method_async(unit->bus->bus, &unit->slots[SLOT_ASKED], SYSTEMD_NAME, SYSTEMD_PATH,
                                        SYSTEMD_MANAGER, "GetUnit", host_unit_on_asked, unit, "s",
                                        unit->name);
}

/* The finished job may also be a stop that another program asked for, or the start after a failure: neither
 * is the job of our own call. */
static int host_unit_on_job_removed(sd_bus_message *m, void *userdata, sd_bus_error *e) {
        const char *path, *name, *result;
        HostUnit *unit = userdata;
        uint32_t id;

        if (sd_bus_message_read(m, "uoss", &id, &path, &name, &result) < 0 || !streq(name, unit->name) ||
            !unit->handlers->started || unit->gone)
                return 0;
        if (streq(result, "done") && !streq_ptr(path, unit->job))
                host_unit_ask(unit);
        else
                unit->handlers->started(result, unit->userdata);
        return 0;
}

/* All values are repeated in each signal, changed or not. */
static int host_unit_read_status(sd_bus_message *m, const char *name, void *userdata) {
        HostUnit *unit = userdata;
        const char *text;
        int r;

        if (!streq(name, "StatusText"))
                return sd_bus_message_skip(m, "v");
        r = sd_bus_message_read(m, "v", "s", &text);
        if (r < 0 || streq(text, unit->status ? unit->status : ""))
                return r;
        free(unit->status);
        unit->status = xstrdup(text);
        unit->status_changed = true;
        return r;
}

static int read_sub_state(sd_bus_message *m, const char *name, void *userdata) {
        const char **state = userdata;

        return streq(name, "SubState") ? sd_bus_message_read(m, "v", "s", state)
                                       : sd_bus_message_skip(m, "v");
}

static void on_sub_state(HostUnit *unit, const char *state) {
        bool waits = streq_ptr(state, "auto-restart"), began = waits && !unit->waits;

        unit->waits = waits;
        if (began && unit->handlers->again && !unit->gone)
                unit->handlers->again(unit->userdata);
}

static int on_properties_changed(sd_bus_message *m, void *userdata, sd_bus_error *e) {
        const char *interface, *state = NULL;
        HostUnit *unit = userdata;

        unit->status_changed = false;
        if (sd_bus_message_read(m, "s", &interface) < 0)
                return 0;
        if (streq(interface, SYSTEMD_UNIT) && guest_bus_read_properties(m, read_sub_state, &state) >= 0)
                on_sub_state(unit, state);
        else if (streq(interface, SYSTEMD_SERVICE) &&
                 guest_bus_read_properties(m, host_unit_read_status, unit) >= 0 && unit->handlers->status &&
                 unit->status_changed)
                unit->handlers->status(unit->status, unit->userdata);
        return 0;
}

/* A manager that is reloaded or executed anew says this of all its units, and then has them again. */
static int host_unit_on_unit_removed(sd_bus_message *m, void *userdata, sd_bus_error *e) {
        HostUnit *unit = userdata;
        const char *name, *path;

        if (sd_bus_message_read(m, "so", &name, &path) >= 0 && streq(name, unit->name) && !unit->gone)
                host_unit_ask(unit);
        return 0;
}

/* The manager is back, and does not answer what it was asked before. */
static int on_owner_changed(sd_bus_message *m, void *userdata, sd_bus_error *e) {
        const char *name, *before, *now;
        HostUnit *unit = userdata;

        if (sd_bus_message_read(m, "sss", &name, &before, &now) < 0 || !*now)
                return 0;
        (void) sd_bus_call_method_async(unit->bus->bus, NULL, SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_MANAGER,
                                        "Subscribe", on_watched, NULL, NULL);
        if (!unit->gone && unit->begun)
                host_unit_ask(unit);
        return 0;
}

static int host_unit_on_disconnected(sd_bus_message *m, void *userdata, sd_bus_error *e) {
        HostUnit *unit = userdata;

        if (unit->handlers->lost && !unit->gone)
                unit->handlers->lost(unit->userdata);
        return 0;
}

/* Without waiting for the answers: the bus keeps the order of what one connection sends. */
static int host_unit_watch(HostUnit *unit) {
        sd_bus *bus = unit->bus->bus;
        int r;

        r = sd_bus_match_signal_async(bus, &unit->slots[SLOT_JOB], SYSTEMD_NAME, SYSTEMD_PATH,
                                      SYSTEMD_MANAGER, "JobRemoved", host_unit_on_job_removed, on_watched,
                                      unit);
        if (r >= 0)
                r = sd_bus_match_signal_async(bus, &unit->slots[SLOT_PROPERTIES], SYSTEMD_NAME, unit->path,
                                              DBUS_PROPERTIES, "PropertiesChanged", on_properties_changed,
                                              on_watched, unit);
        if (r >= 0)
                r = sd_bus_match_signal_async(bus, &unit->slots[SLOT_REMOVED], SYSTEMD_NAME, SYSTEMD_PATH,
                                              SYSTEMD_MANAGER, "UnitRemoved", host_unit_on_unit_removed,
                                              on_watched, unit);
        if (r >= 0)
                r = sd_bus_match_signal_async(bus, &unit->slots[SLOT_DISCONNECTED], NULL, DBUS_LOCAL_PATH,
                                              DBUS_LOCAL, "Disconnected", host_unit_on_disconnected,
                                              on_watched, unit);
        if (r >= 0)
                r = sd_bus_add_match_async(bus, &unit->slots[SLOT_OWNER], MATCH_OWNER, on_owner_changed,
                                           on_watched, unit);
        /* A manager without subscribers sends no signals. */
        if (r >= 0)
                r = sd_bus_call_method_async(bus, NULL, SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_MANAGER,
                                             "Subscribe", on_watched, NULL, NULL);
        return r;
}

int host_unit_new(HostBus *bus, const char *name, const HostUnitHandlers *handlers, void *userdata,
                  HostUnit **ret, Error *reterr) {
        _cleanup_(host_unit_freep) HostUnit *unit = xmalloc0(sizeof(*unit));
        int r;

        unit->bus = bus;
        unit->name = xstrdup(name);
        unit->handlers = handlers;
        unit->userdata = userdata;
        r = sd_bus_path_encode(SYSTEMD_UNIT_PATH, name, &unit->path);
        if (r >= 0)
                r = host_unit_watch(unit);
        if (r < 0)
                return bus_error(&bus_host, reterr, r, NULL, "watch unit '%s'", name);
        *ret = TAKE_PTR(unit);
        return 0;
}

/* ---- starting ---- */

/* A manager that is executed anew drops the calls that it has not answered. Those made here may be made
 * twice. */
static bool was_dropped(const sd_bus_error *e) {
        return sd_bus_error_has_name(e, SD_BUS_ERROR_NO_REPLY) ||
               sd_bus_error_has_name(e, SD_BUS_ERROR_NAME_HAS_NO_OWNER) ||
               sd_bus_error_has_name(e, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
               sd_bus_error_has_name(e, SD_BUS_ERROR_DISCONNECTED);
}

static int on_manager_back(sd_bus_message *m, void *userdata, sd_bus_error *e) {
        const char *name, *before, *now;
        bool *there = userdata;

        if (sd_bus_message_read(m, "sss", &name, &before, &now) >= 0 && *now)
                *there = true;
        return 0;
}

/* Waits until systemd is on the bus; watches first and then looks. Return: 1 it is, 0 the time has
 * passed. */
static int wait_for_manager(HostBus *bus, uint64_t timeout_usec) {
        _cleanup_(sd_bus_slot_unrefp) sd_bus_slot *slot = NULL;
        _cleanup_(sd_bus_creds_unrefp) sd_bus_creds *owner = NULL;
        uint64_t deadline = now_usec() + timeout_usec;
        bool there = false;
        int r;

        r = sd_bus_add_match(bus->bus, &slot, MATCH_OWNER, on_manager_back, &there);
        if (r >= 0 && sd_bus_get_name_creds(bus->bus, SYSTEMD_NAME, 0, &owner) >= 0)
                there = true;
        while (r >= 0 && !there) {
                uint64_t now = now_usec();

                r = sd_bus_process(bus->bus, NULL);
                if (r != 0)
                        continue;
                if (now >= deadline)
                        return 0;
                r = sd_bus_wait(bus->bus, deadline - now);
        }
        return r < 0 ? r : 1;
}

int host_unit_start(HostUnit *unit, const HostUnitSettings *settings, Error *reterr) {
        bool again = false;

        for (;;) {
                _cleanup_(sd_bus_error_free) sd_bus_error e = SD_BUS_ERROR_NULL;
                _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
                const char *job;
                int r = host_unit_message_new(unit, settings, &m);

                if (r >= 0)
                        r = sd_bus_call(unit->bus->bus, m, 0, &e, &reply);
                if (r >= 0 && sd_bus_message_read(reply, "o", &job) >= 0)
                        unit->job = xstrdup(job);
                /* The first call was heard; only its answer was lost. */
                if (r >= 0 || (again && sd_bus_error_has_name(&e, ERROR_UNIT_EXISTS))) {
                        /* Until now a unit that is not there has not ended. */
                        unit->begun = true;
                        if (again)
                                host_unit_ask(unit);
                        return 0;
                }
                if (sd_bus_error_has_name(&e, ERROR_UNIT_EXISTS)) {
                        (void) error_raise(reterr, FC_EXIT_CONFLICT,
                                           "the host's systemd has another unit '%s' already", unit->name);
                        error_add_hint(reterr, "look: systemctl status %s", unit->name);
                        return -EBUSY;
                }
                if (again || !was_dropped(&e) || wait_for_manager(unit->bus, MANAGER_TIMEOUT_USEC) <= 0)
                        return bus_error(&bus_host, reterr, r, &e, "start unit '%s'", unit->name);
                again = true;
        }
}

/* ---- while it runs ---- */

/* Puts the arguments behind the name of the unit. */
typedef int (*AppendArguments)(sd_bus_message *m, const void *arguments);

static int make_call(const HostUnit *unit, const char *method, AppendArguments append, const void *arguments,
                     sd_bus_message **ret) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r = sd_bus_message_new_method_call(unit->bus->bus, &m, SYSTEMD_NAME, SYSTEMD_PATH,
                                               SYSTEMD_MANAGER, method);

        if (r >= 0)
                r = sd_bus_message_append(m, "s", unit->name);
        if (r >= 0 && append)
                r = append(m, arguments);
        if (r >= 0)
                *ret = TAKE_PTR(m);
        return r;
}

/* A call that may be made twice. @append: may be NULL. Return: 1 done, 0 the unit does not exist. */
static int call_manager(HostUnit *unit, const char *method, AppendArguments append, const void *arguments,
                        const char *verb, Error *reterr) {
        for (bool again = false;; again = true) {
                _cleanup_(sd_bus_error_free) sd_bus_error e = SD_BUS_ERROR_NULL;
                _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
                int r = make_call(unit, method, append, arguments, &m);

                if (r >= 0)
                        r = sd_bus_call(unit->bus->bus, m, 0, &e, NULL);
                if (r >= 0)
                        return 1;
                if (sd_bus_error_has_name(&e, ERROR_NO_SUCH_UNIT))
                        return 0;
                if (again || !was_dropped(&e) || wait_for_manager(unit->bus, MANAGER_TIMEOUT_USEC) <= 0)
                        return bus_error(&bus_host, reterr, r, &e, "%s unit '%s'", verb, unit->name);
        }
}

typedef struct Limits {
        const HostUnitLimit *limits;
        size_t n;
} Limits;

static int append_changed_limits(sd_bus_message *m, const void *arguments) {
        const Limits *limits = arguments;
        int r = sd_bus_message_append(m, "b", /* runtime= */ 1);

        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "(sv)");
        if (r >= 0)
                r = host_unit_append_limits(m, limits->limits, limits->n);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

int host_unit_limit(HostUnit *unit, const HostUnitLimit *limits, size_t n, Error *reterr) {
        return call_manager(unit, "SetUnitProperties", append_changed_limits, &(Limits){limits, n}, "limit",
                            reterr);
}

int host_unit_freeze(HostUnit *unit, Error *reterr) {
        return call_manager(unit, "FreezeUnit", NULL, NULL, "freeze", reterr);
}

int host_unit_thaw(HostUnit *unit, Error *reterr) {
        return call_manager(unit, "ThawUnit", NULL, NULL, "thaw", reterr);
}

/* ---- stopping ---- */

static int append_mode(sd_bus_message *m, const void *mode) {
        return sd_bus_message_append(m, "s", mode);
}

int host_unit_stop(HostUnit *unit, Error *reterr) {
        unit->begun = true;
        return call_manager(unit, "StopUnit", append_mode, "replace", "stop", reterr);
}

int host_unit_wait_gone(HostUnit *unit, uint64_t timeout_usec, Error *reterr) {
        uint64_t deadline = now_usec() + timeout_usec;

        while (!unit->gone) {
                uint64_t now = now_usec();
                int r = sd_bus_process(unit->bus->bus, NULL);

                if (r > 0)
                        continue;
                if (r >= 0 && now >= deadline)
                        return 0;
                if (r >= 0)
                        r = sd_bus_wait(unit->bus->bus, deadline - now);
                if (r < 0 && r != -EINTR)
                        return bus_error(&bus_host, reterr, r, NULL, "wait for the end of unit '%s'",
                                         unit->name);
        }
        return 1;
}
