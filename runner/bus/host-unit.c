/* SPDX-License-Identifier: MIT */

#include <string.h>
#include <syslog.h>

#include "base/alloc.h"
#include "base/process.h"
#include "bus/host-unit-internal.h"
#include "bus/transient-message.h"

#define MATCH_OWNER                                                                                         \
        "type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0='" SYSTEMD_NAME "'"

/* The machine's descriptors, and sockets of ports that are published while it runs. */
#define STORE_MAX 256

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

static int append_devices(sd_bus_message *m, const HostUnitDevice *devices, size_t n) {
        int r;

        r = transient_open(m, "DeviceAllow", "a(ss)");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "(ss)");
        for (size_t i = 0; r >= 0 && i < n; i++)
                r = sd_bus_message_append(m, "(ss)", devices[i].path, devices[i].permissions);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        return r < 0 ? r : transient_close(m);
}

/* argv[0] is the program; NULL: no such command. */
static int append_command(sd_bus_message *m, const char *property, char *const *argv) {
        return argv ? transient_append_command(m, property, argv[0], argv) : 0;
}

/* The settings of upstream's systemd-nspawn@.service, and what a transient unit needs beside them. */
static int append_constant(sd_bus_message *m) {
        int r;

        r = transient_append(m, "Type", "s", "notify");
        if (r >= 0)
                r = transient_append(m, "NotifyAccess", "s", "all");
        if (r >= 0)
                r = transient_append(m, "Delegate", "b", 1);
        if (r >= 0)
                r = transient_append(m, "KillMode", "s", "mixed");
        if (r >= 0)
                r = transient_append(m, "Slice", "s", "machine.slice");
        if (r >= 0)
                r = transient_append(m, "DevicePolicy", "s", "closed");
        /* The command that waits for the start has a deadline of its own. */
        if (r >= 0)
                r = transient_append(m, "TimeoutStartUSec", "t", UINT64_MAX);
        /* A process of the guest that the kernel kills for its memory is the guest's matter. */
        if (r >= 0)
                r = transient_append(m, "OOMPolicy", "s", "continue");
        /* A unit that failed must not be in the way of the next start. */
        if (r >= 0)
                r = transient_append(m, "CollectMode", "s", "inactive-or-failed");
        if (r >= 0)
                r = transient_append(m, "FileDescriptorStoreMax", "u", STORE_MAX);
        /* What starts containers at boot is ordered after it, and so is stopped first at shutdown. */
        if (r >= 0)
                r = transient_append(m, "Before", "as", 1, "machines.target");
        /* At shutdown it goes before that. Not after systemd-machined.service: nspawn's last call activates
         * machined where it does not run, and a start waits for the stop of what is ordered after it. */
        if (r >= 0)
                r = transient_append(m, "After", "as", 1, "dbus.service");
        /* A change of the host's target does not concern containers. */
        if (r >= 0)
                r = transient_append(m, "IgnoreOnIsolate", "b", 1);
        return r;
}

static int append_limits(sd_bus_message *m, const HostUnitLimit *limits, size_t n) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < n; i++)
                r = transient_append(m, limits[i].property, "t", limits[i].value);
        return r;
}

static int append_settings(sd_bus_message *m, const HostUnitSettings *s) {
        int r;

        r = transient_append(m, "Description", "s", s->description);
        if (r >= 0)
                r = transient_append(m, "Documentation", "as", 1, s->documentation);
        if (r >= 0)
                r = append_command(m, "ExecStart", s->start);
        if (r >= 0)
                r = append_command(m, "ExecStop", s->stop);
        if (r >= 0)
                r = append_command(m, "ExecStopPost", s->finish);
        if (r >= 0)
                r = transient_append(m, "StandardInputFileDescriptor", "h", s->input_fd);
        if (r >= 0)
                r = transient_append(m, "StandardOutputFileDescriptor", "h", s->output_fd);
        if (r >= 0)
                r = transient_append(m, "StandardErrorFileDescriptor", "h", s->output_fd);
        if (r >= 0)
                r = transient_append(m, "TimeoutStopUSec", "t", s->stop_timeout_usec);
        if (r >= 0 && s->again_status > 0)
                r = transient_append(m, "SuccessExitStatus", "(aiai)", 1, s->again_status, 0);
        if (r >= 0 && s->again_status > 0)
                r = transient_append(m, "RestartForceExitStatus", "(aiai)", 1, s->again_status, 0);
        if (r >= 0 && s->restart)
                r = transient_append(m, "Restart", "s", "on-failure");
        if (r >= 0)
                r = transient_append(m, "RestartUSec", "t", s->restart_delay_usec);
        if (r >= 0)
                r = transient_append(m, "StartLimitIntervalUSec", "t", s->restart_interval_usec);
        if (r >= 0)
                r = transient_append(m, "StartLimitBurst", "u", s->restart_burst);
        if (r >= 0)
                r = append_devices(m, s->devices, s->n_devices);
        if (r >= 0 && s->watch.name) {
                _cleanup_free_ char *path = xasprintf("%s.path", s->watch.name);

                r = transient_append(m, "Wants", "as", 1, path);
        }
        return r < 0 ? r : append_limits(m, s->limits, s->n_limits);
}

/* PartOf= only: it stops with that unit. Requires= would also start that unit, which could replace a queued
 * stop, and counts as a start. */
static int open_part(sd_bus_message *m, const char *name, const HostUnit *unit, const char *description) {
        int r = transient_unit_open(m, name);

        return r < 0 ? r
                     : sd_bus_message_append(m, "(sv)(sv)(sv)(sv)(sv)(sv)", "Description", "s", description,
                                             "DefaultDependencies", "b", 0, "PartOf", "as", 1, unit->name,
                                             "IgnoreOnIsolate", "b", 1, "StartLimitIntervalUSec", "t",
                                             UINT64_C(0), "CollectMode", "s", "inactive-or-failed");
}

static int append_watch(sd_bus_message *m, const HostUnit *unit, const HostUnitWatch *w) {
        _cleanup_free_ char *path = xasprintf("%s.path", w->name),
                            *service = xasprintf("%s.service", w->name);
        int r;

        r = open_part(m, path, unit, w->description);
        /* It stops when the unit ends by itself. */
        if (r >= 0)
                r = transient_append(m, "StopWhenUnneeded", "b", 1);
        if (r >= 0)
                r = transient_append(m, "Paths", "a(ss)", 1, "PathModified", w->path);
        if (r >= 0)
                r = transient_unit_close(m);
        if (r >= 0)
                r = open_part(m, service, unit, w->description);
        if (r >= 0)
                r = append_command(m, "ExecStart", w->command);
        /* Its starts and ends are not worth two lines in the journal each time. */
        if (r >= 0)
                r = transient_append(m, "LogLevelMax", "i", LOG_WARNING);
        return r < 0 ? r : transient_unit_close(m);
}

static int make_start_call(HostUnit *unit, const HostUnitSettings *settings, sd_bus_message **ret) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        r = transient_message_new(unit->bus->bus, SYSTEMD_NAME, unit->name, &m);
        if (r >= 0)
                r = append_constant(m);
        if (r >= 0)
                r = append_settings(m, settings);
        if (r >= 0)
                r = transient_properties_end(m);
        if (r >= 0 && settings->watch.name)
                r = append_watch(m, unit, &settings->watch);
        if (r >= 0)
                r = transient_message_end(m);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(m);
        return 0;
}

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
                int r = make_start_call(unit, settings, &m);

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
                r = append_limits(m, limits->limits, limits->n);
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
