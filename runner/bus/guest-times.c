/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "bus/guest-bus-internal.h"
#include "bus/guest-times.h"
#include "bus/guest-unit.h"

void unit_times_done(UnitTimes *times) {
        for (size_t i = 0; i < times->n; i++)
                free(times->units[i].name);
        free(times->units);
        *times = (UnitTimes){};
}

/* When a unit came into a state the last time; 0: never. */
typedef struct Moments {
        uint64_t inactive_exit, active_enter, active_exit, inactive_enter;
} Moments;

static int read_moment(sd_bus_message *m, const char *name, void *userdata) {
        Moments *moments = userdata;
        const struct {
                const char *name;
                uint64_t *usec;
        } table[] = {
                {"InactiveExitTimestampMonotonic", &moments->inactive_exit},
                {"ActiveEnterTimestampMonotonic", &moments->active_enter},
                {"ActiveExitTimestampMonotonic", &moments->active_exit},
                {"InactiveEnterTimestampMonotonic", &moments->inactive_enter},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                if (streq(name, table[i].name))
                        return sd_bus_message_read(m, "v", "t", table[i].usec);
        return sd_bus_message_skip(m, "v");
}

/* A service that only does something is never active. 0: it has not come to that. */
static uint64_t end_of_start(const Moments *m) {
        const uint64_t ends[] = {m->active_enter, m->active_exit, m->inactive_enter};

        for (size_t i = 0; m->inactive_exit > 0 && i < ELEMENTSOF(ends); i++)
                if (ends[i] >= m->inactive_exit)
                        return ends[i];
        return 0;
}

static int add_unit_time(GuestBus *bus, uint64_t deadline_usec, const char *name, const char *path,
                         UnitTimes *times) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        Moments moments = {};
        uint64_t end;
        int r;

        r = guest_bus_ask(bus, deadline_usec, path, DBUS_PROPERTIES, "GetAll", NULL, &reply, "s",
                          SYSTEMD_UNIT);
        if (r >= 0)
                r = guest_bus_read_properties(reply, read_moment, &moments);
        end = r < 0 ? 0 : end_of_start(&moments);
        if (end > 0)
                *XGROW(times->units, times->n) = (UnitTime){
                        .name = xstrdup(name),
                        .began_usec = moments.inactive_exit,
                        .ended_usec = end,
                };
        return r;
}

static bool takes_time(const char *name) {
        const char *dot = strrchr(name, '.');

        return (streq_ptr(dot, ".service") || streq_ptr(dot, ".mount")) &&
               !startswith(name, GUEST_UNIT_PREFIX);
}

int guest_bus_get_unit_times(GuestBus *bus, UnitTimes *ret, Error *reterr) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(unit_times_done) UnitTimes found = {};
        uint64_t deadline = guest_bus_deadline(bus);
        const char *name, *path;
        size_t n_asked = 0;
        int r;

        r = guest_bus_ask(bus, deadline, SYSTEMD_PATH, SYSTEMD_MANAGER, "ListUnits", &error, &reply, "");
        if (r >= 0)
                r = sd_bus_message_enter_container(reply, 'a', "(ssssssouso)");
        if (r < 0)
                return bus_error(&bus_guest, reterr, r, &error, "list the container's units");
        while ((r = sd_bus_message_read(reply, "(ssssssouso)", &name, NULL, NULL, NULL, NULL, NULL, &path,
                                        NULL, NULL, NULL)) > 0) {
                if (!takes_time(name) || n_asked++ >= GUEST_SERVICES_MAX)
                        continue;
                if (add_unit_time(bus, deadline, name, path, &found) == -ETIMEDOUT)
                        break;
        }
        if (r < 0)
                return bus_error(&bus_guest, reterr, r, NULL, "list the container's units");
        *ret = found;
        found = (UnitTimes){};
        return 0;
}
