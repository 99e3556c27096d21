/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "bus/guest-bus-internal.h"
#include "bus/guest-job.h"

void guest_job_done(GuestJob *job) {
        free(job->unit);
        free(job->type);
        *job = (GuestJob){0};
}

/* Return: 0: unknown. */
static uint64_t get_since(GuestBus *bus, uint64_t deadline_usec, const char *path) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        uint64_t since = 0;

        if (guest_bus_ask(bus, deadline_usec, path, DBUS_PROPERTIES, "Get", &error, &reply, "ss",
                          SYSTEMD_UNIT, "StateChangeTimestampMonotonic") >= 0)
                (void) sd_bus_message_read(reply, "v", "t", &since);
        return since;
}

int guest_bus_get_job(GuestBus *bus, GuestJob *ret, Error *reterr) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(guest_job_done) GuestJob oldest = {0};
        const char *unit, *type, *state, *path;
        uint64_t deadline = guest_bus_deadline(bus);
        unsigned n = 0;
        int r;

        r = guest_bus_ask(bus, deadline, SYSTEMD_PATH, SYSTEMD_MANAGER, "ListJobs", &error, &reply, NULL);
        if (r >= 0)
                r = sd_bus_message_enter_container(reply, 'a', "(usssoo)");
        while (r >= 0 &&
               (r = sd_bus_message_read(reply, "(usssoo)", NULL, &unit, &type, &state, NULL, &path)) > 0) {
                uint64_t since;

                /* The others wait for the running ones. */
                if (!streq(state, "running"))
                        continue;
                if (n++ == GUEST_DETAILS_MAX)
                        break;
                since = get_since(bus, deadline, path);
                if (oldest.unit && since >= oldest.since_usec)
                        continue;
                guest_job_done(&oldest);
                oldest = (GuestJob){.unit = xstrdup(unit), .type = xstrdup(type), .since_usec = since};
        }
        if (r < 0)
                return bus_error(&bus_guest, reterr, r, &error,
                                 "ask what the container's systemd is busy with");
        *ret = oldest;
        oldest = (GuestJob){0};
        return 0;
}
