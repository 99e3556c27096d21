/* SPDX-License-Identifier: MIT */

#include <signal.h>
#include <string.h>

#include "base/alloc.h"
#include "base/systemd.h"
#include "bus/guest-bus-internal.h"
#include "bus/guest-failed.h"
#include "bus/guest-unit.h"

void failed_units_done(FailedUnits *units) {
        for (size_t i = 0; i < units->n; i++) {
                free(units->units[i].name);
                free(units->units[i].result);
                free(units->units[i].invocation);
        }
        free(units->units);
        *units = (FailedUnits){0};
}

/* The commands of a property like ExecStart, each with how it ended the last time: path, argv, ignore
 * errors, start and exit (realtime and monotonic), pid, code, status. */
static int read_commands(sd_bus_message *m, FailedUnit *unit) {
        uint64_t started;
        int r, ignore, code, status;
        uint32_t pid;

        r = sd_bus_message_enter_container(m, 'v', "a(sasbttttuii)");
        if (r >= 0)
                r = sd_bus_message_enter_container(m, 'a', "(sasbttttuii)");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(m, 'r', "sasbttttuii")) > 0) {
                r = sd_bus_message_skip(m, "sas");
                if (r >= 0)
                        r = sd_bus_message_read(m, "bttttuii", &ignore, &started, NULL, NULL, NULL, &pid,
                                                &code, &status);
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
                if (r < 0)
                        return r;
                if (unit->exec_code == 0 && !ignore && code != 0 && (code != CLD_EXITED || status != 0)) {
                        unit->exec_code = code;
                        unit->exec_status = status;
                        unit->pid = (pid_t) pid;
                        unit->started_usec = started;
                }
        }
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_main(sd_bus_message *m, const char *name, FailedUnit *unit) {
        uint32_t pid;
        int r;

        if (streq(name, "ExecMainPID")) {
                r = sd_bus_message_read(m, "v", "u", &pid);
                if (r >= 0)
                        unit->pid = (pid_t) pid;
                return r;
        }
        if (streq(name, "ExecMainCode"))
                return sd_bus_message_read(m, "v", "i", &unit->exec_code);
        if (streq(name, "ExecMainStatus"))
                return sd_bus_message_read(m, "v", "i", &unit->exec_status);
        return sd_bus_message_read(m, "v", "t", &unit->started_usec);
}

/* 16 bytes, or none for a unit that was never started. */
static int read_invocation(sd_bus_message *m, char **ret) {
        const void *bytes;
        sd_id128_t id;
        size_t size;
        int r;

        r = sd_bus_message_enter_container(m, 'v', "ay");
        if (r >= 0)
                r = sd_bus_message_read_array(m, 'y', &bytes, &size);
        if (r >= 0 && size == sizeof(id)) {
                memcpy(&id, bytes, sizeof(id)); /* in the message it is not aligned */
                free(*ret);
                *ret = xmalloc0(SD_ID128_STRING_MAX);
                (void) sd_id128_to_string(id, *ret);
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

typedef struct Details {
        FailedUnit *unit;
        FailedUnit main, command; /* each only with what it read */
} Details;

static int guest_failed_read_unit_property(sd_bus_message *m, const char *name, void *userdata) {
        Details *d = userdata;
        const char *text;
        int r;

        if (streq(name, "Result")) {
                r = sd_bus_message_read(m, "v", "s", &text);
                if (r >= 0) {
                        free(d->unit->result);
                        d->unit->result = xstrdup(text);
                }
                return r;
        }
        if (streq(name, "InvocationID"))
                return read_invocation(m, &d->unit->invocation);
        if (streq(name, "NRestarts"))
                return sd_bus_message_read(m, "v", "u", &d->unit->restarts);
        if (streq(name, "ExecMainCode") || streq(name, "ExecMainStatus") || streq(name, "ExecMainPID") ||
            streq(name, "ExecMainStartTimestamp"))
                return read_main(m, name, &d->main);
        if (streq(name, "ExecCondition") || streq(name, "ExecStartPre") || streq(name, "ExecStart") ||
            streq(name, "ExecStartPost"))
                return read_commands(m, &d->command);
        return sd_bus_message_skip(m, "v");
}

static int get_unit_details(GuestBus *bus, uint64_t deadline_usec, const char *path, FailedUnit *unit,
                            Error *reterr) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        Details details = {.unit = unit};
        const FailedUnit *process;
        int r;

        /* No interface: those of the unit and of its kind, whichever that is, in one answer. */
        r = guest_bus_ask(bus, deadline_usec, path, DBUS_PROPERTIES, "GetAll", &error, &reply, "s", "");
        if (r >= 0)
                r = guest_bus_read_properties(reply, guest_failed_read_unit_property, &details);
        if (r == -ETIMEDOUT)
                return 0;
        if (r < 0)
                return bus_error(&bus_guest, reterr, r, &error, "ask why unit '%s' failed", unit->name);

        /* A service that forks, or that fails before its main process starts, has none: then its command
         * tells how it ended. */
        process = details.main.exec_code != 0 ? &details.main : &details.command;
        unit->exec_code = process->exec_code;
        unit->exec_status = process->exec_status;
        unit->pid = process->pid;
        unit->started_usec = process->started_usec;
        return 0;
}

int guest_bus_get_failed_units(GuestBus *bus, FailedUnits *ret, Error *reterr) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(failed_units_done) FailedUnits found = {0};
        uint64_t deadline = guest_bus_deadline(bus);
        const char *name, *path;
        int r;

        r = guest_bus_ask(bus, deadline, SYSTEMD_PATH, SYSTEMD_MANAGER, "ListUnitsFiltered", &error, &reply,
                          "as", 1, "failed");
        if (r >= 0)
                r = sd_bus_message_enter_container(reply, 'a', "(ssssssouso)");
        if (r < 0)
                return bus_error(&bus_guest, reterr, r, &error, "list the container's failed units");

        while ((r = sd_bus_message_read(reply, "(ssssssouso)", &name, NULL, NULL, NULL, NULL, NULL, &path,
                                        NULL, NULL, NULL)) > 0) {
                FailedUnit *unit;

                /* A check of ours, which has not succeeded yet. */
                if (startswith(name, GUEST_UNIT_PREFIX))
                        continue;
                if (found.n == GUEST_DETAILS_MAX) {
                        found.n_more++;
                        continue;
                }
                unit = XGROW(found.units, found.n);
                unit->name = xstrdup(name);
                r = get_unit_details(bus, deadline, path, unit, reterr);
                if (r < 0)
                        return r;
        }
        if (r < 0)
                return bus_error(&bus_guest, reterr, r, NULL, "list the container's failed units");

        *ret = found;
        found = (FailedUnits){0};
        return 0;
}
