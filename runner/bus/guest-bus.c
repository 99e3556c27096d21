/* SPDX-License-Identifier: MIT */

#include <sys/socket.h>

#include "base/alloc.h"
#include "base/process.h"
#include "base/strv.h"
#include "bus/guest-bus-internal.h"
#include "bus/guest-unit.h"

GuestBus *guest_bus_free(GuestBus *bus) {
        if (!bus)
                return NULL;
        (void) sd_event_source_disable_unref(bus->exit);
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

/* Return: 0, or a negative errno, -ETIMEDOUT among them. */
static int guest_bus_wait_until(sd_bus *bus, uint64_t deadline_usec, int (*is_so)(void *userdata),
                                void *userdata) {
        for (;;) {
                uint64_t now = now_usec();
                int r = is_so(userdata);

                if (r != 0)
                        return r < 0 ? r : 0;
                /* Also when a manager never stops talking. */
                if (now >= deadline_usec)
                        return -ETIMEDOUT;
                r = sd_bus_process(bus, NULL);
                if (r == 0)
                        r = sd_bus_wait(bus, deadline_usec - now);
                if (r < 0 && r != -EINTR)
                        return r;
        }
}

static int is_accepted(void *userdata) {
        return sd_bus_is_ready(userdata);
}

int guest_bus_wait_accepted(GuestBus *bus, uint64_t deadline_usec, Error *reterr) {
        /* sd-bus alone would give the greeting 90 s (BUS_AUTH_TIMEOUT), whatever the timeout of calls is. */
        int r = guest_bus_wait_until(bus->bus, deadline_usec, is_accepted, bus->bus);

        return r < 0 ? bus_error(&bus_guest, reterr, r, NULL, "greet the container's systemd") : 0;
}

int guest_bus_new(int fd, uint64_t timeout_usec, GuestBus **ret, Error *reterr) {
        _cleanup_(guest_bus_freep) GuestBus *bus = xmalloc0(sizeof(GuestBus));
        _cleanup_close_ int owned = fd;
        int r;

        bus->deadline_usec = UINT64_MAX;
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
        if (r < 0)
                return bus_error(&bus_guest, reterr, r, NULL, "greet the container's systemd");

        *ret = TAKE_PTR(bus);
        return 0;
}

void guest_bus_set_deadline(GuestBus *bus, uint64_t deadline_usec) {
        bus->deadline_usec = deadline_usec;
}

uint64_t guest_bus_deadline(const GuestBus *bus) {
        uint64_t own = now_usec() + GUEST_BUS_ANSWERS_USEC;

        return own < bus->deadline_usec ? own : bus->deadline_usec;
}

static int guest_bus_on_answer(sd_bus_message *m, void *userdata, sd_bus_error *reterr) {
        sd_bus_message **answer = userdata;

        *answer = sd_bus_message_ref(m);
        return 0;
}

static int is_answered(void *userdata) {
        sd_bus_message **answer = userdata;

        return *answer != NULL;
}

int guest_bus_ask(GuestBus *bus, uint64_t deadline_usec, const char *path, const char *interface,
                  const char *member, sd_bus_error *error, sd_bus_message **ret, const char *types, ...) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *question = NULL, *answer = NULL;
        _cleanup_(sd_bus_slot_unrefp) sd_bus_slot *slot = NULL;
        va_list ap;
        int r;

        r = sd_bus_message_new_method_call(bus->bus, &question, NULL, path, interface, member);
        va_start(ap, types);
        if (r >= 0 && types)
                r = sd_bus_message_appendv(question, types, ap);
        va_end(ap);
        /* The deadline is the loop's, or it would not hold while the manager is greeted. */
        if (r >= 0)
                r = sd_bus_call_async(bus->bus, &slot, question, guest_bus_on_answer, &answer, UINT64_MAX);
        if (r >= 0)
                r = guest_bus_wait_until(bus->bus, deadline_usec, is_answered, &answer);
        if (r < 0)
                return r;
        /* That is what the error says, in other words. */
        if (sd_bus_is_open(bus->bus) <= 0)
                return -ECONNRESET;
        if (sd_bus_message_is_method_error(answer, NULL)) {
                (void) sd_bus_error_copy(error, sd_bus_message_get_error(answer));
                /* Positive, as sd-bus has it. */
                r = sd_bus_message_get_errno(answer);
                return r > 0 ? -r : -EIO;
        }
        if (ret)
                *ret = TAKE_PTR(answer);
        return 0;
}

static int on_loop_end(sd_event_source *s, void *userdata) {
        GuestBus *bus = userdata;

        (void) shutdown(sd_bus_get_fd(bus->bus), SHUT_RDWR);
        return 0;
}

int guest_bus_attach(GuestBus *bus, sd_event *event, Error *reterr) {
        int r;

        r = sd_bus_attach_event(bus->bus, event, SD_EVENT_PRIORITY_NORMAL);
        /* When the loop ends, sd-bus waits without a limit until the guest has read all that was sent to
         * it. A guest that is gone will not read. */
        if (r >= 0)
                r = sd_event_add_exit(event, &bus->exit, on_loop_end, bus);
        if (r >= 0)
                r = sd_event_source_set_priority(bus->exit, SD_EVENT_PRIORITY_IMPORTANT);
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
        /* A check of ours that does not succeed yet is not a failed service. */
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
