/* SPDX-License-Identifier: MIT */

#include <unistd.h>

#include "base/alloc.h"
#include "base/process.h"
#include "bus/host-unit-internal.h"

#define PAUSE_MIN 20000

int host_unit_ask_job(HostBus *bus, const char *name, const char *path, char **ret, Error *reterr) {
        _cleanup_(sd_bus_error_free) sd_bus_error e = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        const char *job;
        uint32_t id;
        int r = sd_bus_get_property(bus->bus, SYSTEMD_NAME, path, SYSTEMD_UNIT, "Job", &e, &reply, "(uo)");

        *ret = NULL;
        /* So is the unit. */
        if (r < 0 && sd_bus_error_has_name(&e, SD_BUS_ERROR_UNKNOWN_OBJECT))
                return 0;
        if (r >= 0)
                r = sd_bus_message_read(reply, "(uo)", &id, &job);
        if (r < 0)
                return bus_error(&bus_host, reterr, r, &e, "ask for the job of unit '%s'", name);
        *ret = id != 0 ? xstrdup(job) : NULL;
        return 0;
}

/* A job that has gone since it was told of is not an answer either. @ret: NULL: there is none */
static int ask_type(HostBus *bus, const char *name, char **ret, Error *reterr) {
        _cleanup_(sd_bus_error_free) sd_bus_error e = SD_BUS_ERROR_NULL;
        _cleanup_free_ char *path = NULL, *job = NULL;
        int r = sd_bus_path_encode(SYSTEMD_UNIT_PATH, name, &path);

        *ret = NULL;
        if (r >= 0) {
                r = host_unit_ask_job(bus, name, path, &job, reterr);
                if (r < 0 || !job)
                        return r;
                r = sd_bus_get_property_string(bus->bus, SYSTEMD_NAME, job, SYSTEMD_JOB, "JobType", &e, ret);
        }
        return r < 0 ? bus_error(&bus_host, reterr, r, &e, "ask for the job of unit '%s'", name) : 0;
}

static int ask_type_anew(const char *name, char **ret, Error *reterr) {
        _cleanup_(host_bus_freep) HostBus *bus = NULL;
        int r = host_bus_open(/* event= */ NULL, &bus, reterr);

        return r < 0 ? r : ask_type(bus, name, ret, reterr);
}

int host_unit_find_job(const char *name, uint64_t patience_usec, HostUnitJob *ret, Error *reterr) {
        uint64_t deadline = now_usec() + patience_usec;
        _cleanup_free_ char *type = NULL;

        /* No event tells that a bus, or systemd on it, is there again. */
        for (useconds_t pause = PAUSE_MIN;; pause *= 2) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                int r = ask_type_anew(name, &type, &error);

                if (r >= 0)
                        break;
                if (now_usec() + pause > deadline) {
                        error_move(reterr, &error);
                        return r;
                }
                (void) usleep(pause);
        }
        *ret = streq_ptr(type, "restart") ? HOST_UNIT_JOB_RESTART
               : streq_ptr(type, "stop")  ? HOST_UNIT_JOB_STOP
                                          : HOST_UNIT_JOB_OTHER;
        return 0;
}
