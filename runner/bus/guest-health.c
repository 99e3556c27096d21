/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "base/strv.h"
#include "bus/guest-bus-internal.h"
#include "bus/guest-health.h"
#include "bus/guest-state.h"

struct GuestHealth {
        GuestBus *bus;
        sd_bus_slot *properties, *disconnected;
        sd_event_source *deferred;
        char **failed; /* names of what was failed when we last asked */
        bool lost;
        GuestHealthChanged callback;
        void *userdata;
};

GuestHealth *guest_health_free(GuestHealth *h) {
        if (!h)
                return NULL;
        sd_bus_slot_unref(h->properties);
        sd_bus_slot_unref(h->disconnected);
        sd_event_source_disable_unref(h->deferred);
        strv_free(h->failed);
        free(h);
        return NULL;
}

static int guest_health_on_properties(sd_bus_message *m, void *userdata, sd_bus_error *reterr) {
        _cleanup_free_ char *unit = NULL, *state = NULL;
        GuestHealth *h = userdata;

        /* A guest goes through many changes; only these cost a question. */
        if (guest_bus_read_active_state(m, &unit, &state) > 0 &&
            streq(state, "failed") != strv_contains(h->failed, unit))
                (void) sd_event_source_set_enabled(h->deferred, SD_EVENT_ONESHOT);
        return 0;
}

static int guest_health_on_disconnected(sd_bus_message *m, void *userdata, sd_bus_error *reterr) {
        GuestHealth *h = userdata;

        h->lost = true;
        (void) sd_event_source_set_enabled(h->deferred, SD_EVENT_ONESHOT);
        return 0;
}

static int guest_health_ask(GuestHealth *h, FailedUnits *ret) {
        ManagerState state;
        int r;

        r = guest_bus_get_state(h->bus, &state, NULL);
        if (r < 0 || state == MANAGER_STOPPING || state == MANAGER_OFFLINE)
                return -ESHUTDOWN;
        return guest_bus_get_failed_units(h->bus, ret, NULL);
}

/* From the loop, not from the connection, which the callback may free. */
static int guest_health_on_deferred(sd_event_source *s, void *userdata) {
        FailedUnits failed = {0};
        GuestHealth *h = userdata;

        if (h->lost) {
                h->callback(NULL, h->userdata);
                return 0;
        }
        /* A manager that does not answer now will send more signals, or end, which is seen. */
        if (guest_health_ask(h, &failed) < 0)
                return 0;
        h->failed = strv_free(h->failed);
        for (size_t i = 0; i < failed.n; i++)
                strv_push(&h->failed, failed.units[i].name);
        h->callback(&failed, h->userdata);
        failed_units_done(&failed);
        return 0;
}

int guest_health_new(GuestBus *bus, sd_event *event, GuestHealthChanged callback, void *userdata,
                     GuestHealth **ret, Error *reterr) {
        _cleanup_(guest_health_freep) GuestHealth *h = xmalloc0(sizeof(*h));
        int r;

        *h = (GuestHealth){.bus = bus, .callback = callback, .userdata = userdata};
        r = guest_bus_match(bus, &h->properties, NULL, DBUS_PROPERTIES, "PropertiesChanged",
                            guest_health_on_properties, h, reterr);
        if (r >= 0)
                r = guest_bus_match(bus, &h->disconnected, DBUS_LOCAL_PATH, DBUS_LOCAL, "Disconnected",
                                    guest_health_on_disconnected, h, reterr);
        if (r < 0)
                return r;
        r = sd_event_add_defer(event, &h->deferred, guest_health_on_deferred, h);
        if (r < 0)
                return error_set(reterr, r, "watch the container's units");
        *ret = TAKE_PTR(h);
        return 0;
}
