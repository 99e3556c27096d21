/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "base/process.h"
#include "base/strv.h"
#include "bus/guest-bus-internal.h"
#include "bus/guest-unit.h"

GuestBus *guest_bus_free(GuestBus *bus) {
        if (!bus)
                return NULL;
        if (bus->bus) {
                (void) sd_bus_detach_event(bus->bus);
                sd_bus_close_unref(bus->bus);
        }
        free(bus);
        return NULL;
}

int guest_bus_match(GuestBus *bus, sd_bus_slot **ret, const char *path, const char *interface,
                    const char *member, sd_bus_message_handler_t handler, void *userdata, Error *reterr) {
        int r;

        r = sd_bus_match_signal(bus->bus, ret, NULL, path, interface, member, handler, userdata);
        if (r < 0)
                return error_set(reterr, r, "watch for the signal '%s' of the container's systemd", member);
        return 0;
}

/* sd-bus alone would give the greeting 90 s (BUS_AUTH_TIMEOUT), whatever the timeout of calls is. */
static int wait_accepted(sd_bus *bus, uint64_t timeout_usec) {
        uint64_t deadline = now_usec() + timeout_usec;
        int r;

        for (;;) {
                uint64_t now;

                r = sd_bus_is_ready(bus);
                if (r != 0)
                        return r;
                r = sd_bus_process(bus, NULL);
                if (r < 0)
                        return r;
                if (r > 0)
                        continue;

                now = now_usec();
                if (now >= deadline)
                        return -ETIMEDOUT;
                r = sd_bus_wait(bus, deadline - now);
                if (r < 0 && r != -EINTR)
                        return r;
        }
}

int guest_bus_new(int fd, uint64_t timeout_usec, GuestBus **ret, Error *reterr) {
        _cleanup_(guest_bus_freep) GuestBus *bus = xmalloc0(sizeof(GuestBus));
        _cleanup_close_ int owned = fd;
        int r;

        r = sd_bus_new(&bus->bus);
        if (r < 0)
                return error_set(reterr, r, "make a bus connection");
        (void) sd_bus_set_description(bus->bus, "guest-manager");

        r = sd_bus_set_fd(bus->bus, fd, fd);
        if (r < 0)
                return error_set(reterr, r, "make a bus connection");
        (void) TAKE_FD(owned); /* the connection closes it */

        r = sd_bus_negotiate_fds(bus->bus, true);
        if (r >= 0)
                r = sd_bus_set_method_call_timeout(bus->bus, timeout_usec);
        if (r >= 0)
                r = sd_bus_start(bus->bus);
        if (r >= 0)
                r = wait_accepted(bus->bus, timeout_usec);
        if (r < 0)
                return bus_error(&bus_guest, reterr, r, NULL, "greet the container's systemd");

        *ret = TAKE_PTR(bus);
        return 0;
}

int guest_bus_attach(GuestBus *bus, sd_event *event, Error *reterr) {
        int r;

        r = sd_bus_attach_event(bus->bus, event, SD_EVENT_PRIORITY_NORMAL);
        if (r < 0)
                return error_set(reterr, r, "watch the connection to the container's systemd");
        return 0;
}

int guest_bus_read_properties(sd_bus_message *m,
                              int (*read)(sd_bus_message *m, const char *name, void *userdata),
                              void *userdata) {
        int r;

        r = sd_bus_message_enter_container(m, 'a', "{sv}");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                const char *name;

                r = sd_bus_message_read(m, "s", &name);
                if (r >= 0)
                        r = read(m, name, userdata);
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
                if (r < 0)
                        return r;
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_active_state(sd_bus_message *m, const char *name, void *userdata) {
        const char **state = userdata;

        return streq(name, "ActiveState") ? sd_bus_message_read(m, "v", "s", state)
                                          : sd_bus_message_skip(m, "v");
}

int guest_bus_read_active_state(sd_bus_message *m, char **ret_unit, char **ret_state) {
        _cleanup_free_ char *unit = NULL;
        const char *path = sd_bus_message_get_path(m), *state = NULL;
        int r;

        r = path ? sd_bus_path_decode(path, SYSTEMD_UNIT_PATH, &unit) : 0;
        /* A check that does not succeed yet is no failed service. */
        if (r <= 0 || startswith(unit, GUEST_UNIT_PREFIX))
                return r < 0 ? r : 0;
        r = sd_bus_message_rewind(m, true);
        if (r >= 0)
                r = sd_bus_message_skip(m, "s");
        if (r >= 0)
                r = guest_bus_read_properties(m, read_active_state, &state);
        if (r < 0 || !state)
                return r < 0 ? r : 0;
        *ret_unit = TAKE_PTR(unit);
        *ret_state = xstrdup(state);
        return 1;
}
