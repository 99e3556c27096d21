/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "bus/host-bus-internal.h"
#include "bus/user-scope.h"

/* A manager that is being reloaded or executed anew answers when it is done. */
#define CALL_TIMEOUT_USEC (30 * USEC_PER_SEC)

HostBus *host_bus_free(HostBus *bus) {
        if (!bus)
                return NULL;
        if (bus->bus) {
                (void) sd_bus_detach_event(bus->bus);
                sd_bus_flush_close_unref(bus->bus);
        }
        free(bus);
        return NULL;
}

int host_bus_open(sd_event *event, HostBus **ret, Error *reterr) {
        _cleanup_(host_bus_freep) HostBus *bus = xmalloc0(sizeof(HostBus));
        int r;

        r = sd_bus_open_system(&bus->bus);
        if (r < 0) {
                (void) error_set(reterr, r, "connect to the host's message bus");
                if (reterr)
                        reterr->exit = FC_EXIT_HOST;
                error_add_hint(reterr, "look: systemctl status dbus; or do without the host's systemd: "
                                       "--backend supervisor");
                return r;
        }
        (void) sd_bus_set_description(bus->bus, "host");
        (void) sd_bus_set_method_call_timeout(bus->bus, CALL_TIMEOUT_USEC);
        if (event) {
                r = sd_bus_attach_event(bus->bus, event, SD_EVENT_PRIORITY_NORMAL);
                if (r < 0)
                        return error_set(reterr, r, "watch the host's message bus");
        }
        *ret = TAKE_PTR(bus);
        return 0;
}

static int host_bus_start_user(HostBus *bus, int fd) {
        int r = sd_bus_new(&bus->bus);

        if (r >= 0)
                r = sd_bus_set_fd(bus->bus, fd, fd);
        if (r < 0) {
                (void) safe_close(fd);
                return r;
        }
        (void) sd_bus_set_description(bus->bus, "user");
        (void) sd_bus_set_method_call_timeout(bus->bus, CALL_TIMEOUT_USEC);
        return sd_bus_start(bus->bus);
}

int host_bus_open_user(HostBus **ret, Error *reterr) {
        const char *runtime = getenv("XDG_RUNTIME_DIR");
        _cleanup_(host_bus_freep) HostBus *bus = xmalloc0(sizeof(HostBus));
        int fd = runtime ? user_scope_connect(runtime) : -ENOENT, r;

        if (fd == -ENOENT)
                return error_raise(reterr, FC_EXIT_HOST, "this user has no systemd");
        r = fd < 0 ? fd : host_bus_start_user(bus, fd);
        if (r < 0)
                return error_set(reterr, r, "connect to the systemd of this user");
        *ret = TAKE_PTR(bus);
        return 0;
}

int host_bus_find_machine(HostBus *bus, const char *machine, char **ret_unit, Error *reterr) {
        _cleanup_(sd_bus_error_free) sd_bus_error e = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_free_ char *unit = NULL;
        const char *path;
        int r;

        r = sd_bus_call_method(bus->bus, MACHINED_NAME, MACHINED_PATH, MACHINED_MANAGER, "GetMachine", &e,
                               &reply, "s", machine);
        if (r < 0 && sd_bus_error_has_name(&e, ERROR_NO_SUCH_MACHINE)) {
                *ret_unit = NULL;
                return 0;
        }
        if (r >= 0)
                r = sd_bus_message_read(reply, "o", &path);
        if (r < 0)
                return bus_error(&bus_host, reterr, r, &e, "ask systemd-machined for machine '%s'", machine);
        /* It may end at this moment. */
        if (sd_bus_get_property_string(bus->bus, MACHINED_NAME, path, MACHINED_MACHINE, "Unit", NULL,
                                       &unit) < 0)
                unit = xstrdup("?");
        *ret_unit = TAKE_PTR(unit);
        return 0;
}

int host_bus_forget_machine(HostBus *bus, const char *machine, Error *reterr) {
        _cleanup_(sd_bus_error_free) sd_bus_error e = SD_BUS_ERROR_NULL;
        int r;

        r = sd_bus_call_method(bus->bus, MACHINED_NAME, MACHINED_PATH, MACHINED_MANAGER, "UnregisterMachine",
                               &e, NULL, "s", machine);
        if (r < 0 && !sd_bus_error_has_name(&e, ERROR_NO_SUCH_MACHINE))
                return bus_error(&bus_host, reterr, r, &e, "unregister machine '%s'", machine);
        return 0;
}

int host_bus_reload(HostBus *bus, Error *reterr) {
        _cleanup_(sd_bus_error_free) sd_bus_error e = SD_BUS_ERROR_NULL;
        int r = sd_bus_call_method(bus->bus, SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_MANAGER, "Reload", &e, NULL,
                                   NULL);

        return r < 0 ? bus_error(&bus_host, reterr, r, &e, "have systemd read its unit files again") : 0;
}

int host_bus_check_unit(HostBus *bus, const char *unit, Error *reterr) {
        _cleanup_(sd_bus_error_free) sd_bus_error e = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_free_ char *state = NULL;
        const char *path;
        int r = sd_bus_call_method(bus->bus, SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_MANAGER, "LoadUnit", &e,
                                   &reply, "s", unit);

        if (r >= 0)
                r = sd_bus_message_read(reply, "o", &path);
        if (r >= 0)
                r = sd_bus_get_property_string(bus->bus, SYSTEMD_NAME, path, SYSTEMD_UNIT, "LoadState", &e,
                                               &state);
        if (r < 0)
                return bus_error(&bus_host, reterr, r, &e, "ask systemd for unit '%s'", unit);
        return streq(state, "loaded")
                       ? 0
                       : error_raise(reterr, FC_EXIT_HOST, "systemd tells of unit '%s': %s", unit, state);
}
