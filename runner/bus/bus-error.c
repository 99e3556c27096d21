/* SPDX-License-Identifier: MIT */

#include <stdarg.h>
#include <string.h>

#include "base/alloc.h"
#include "bus/bus-error.h"

const BusPeer bus_guest = {
        .manager = "the container's systemd",
        .connection = "the container's systemd",
        .broken_exit = FC_EXIT_NOT_RUNNING,
        .denied_exit = FC_EXIT_INTERNAL,
};

const BusPeer bus_host = {
        .manager = "the host's systemd",
        .connection = "the host's message bus",
        .broken_exit = FC_EXIT_HOST,
        .denied_exit = FC_EXIT_HOST,
        .denied_hint = "to do without the host's systemd: --backend supervisor",
};

const BusPeer bus_user = {
        .manager = "the user's systemd",
        .connection = "the user's systemd",
        .broken_exit = FC_EXIT_HOST,
        .denied_exit = FC_EXIT_HOST,
};

/* Not allowed, not there, or of a release that does not know a property. */
static bool is_denied(const sd_bus_error *e) {
        static const char *const names[] = {
                SD_BUS_ERROR_ACCESS_DENIED,
                SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED,
                SD_BUS_ERROR_SERVICE_UNKNOWN,
                SD_BUS_ERROR_PROPERTY_READ_ONLY,
        };

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (sd_bus_error_has_name(e, names[i]))
                        return true;
        return false;
}

int bus_error(const BusPeer *peer, Error *reterr, int r, const sd_bus_error *e, const char *format, ...) {
        _cleanup_free_ char *text = NULL, *answer = NULL;
        va_list ap;
        size_t n;

        va_start(ap, format);
        text = xvasprintf(format, ap);
        va_end(ap);
        if (e && e->message) {
                n = strlen(e->message);
                answer = xstrndup(e->message, n > 0 && e->message[n - 1] == '.' ? n - 1 : n);
        }

        if (r == -ETIMEDOUT || sd_bus_error_has_name(e, SD_BUS_ERROR_NO_REPLY))
                return error_raise(reterr, FC_EXIT_TIMEOUT, "%s: %s does not answer", text, peer->manager);
        if (r == -ECONNRESET || r == -ENOTCONN || r == -EPIPE)
                return error_raise(reterr, peer->broken_exit, "%s: %s closed the connection", text,
                                   peer->connection);
        if (!answer)
                return error_set(reterr, r, "%s", text);
        if (!is_denied(e)) {
                (void) error_raise(reterr, FC_EXIT_INTERNAL, "%s: %s", text, answer);
                return r < 0 ? r : -EIO;
        }
        r = error_raise(reterr, peer->denied_exit, "%s: %s", text, answer);
        if (peer->denied_hint)
                error_add_hint(reterr, "%s", peer->denied_hint);
        return r;
}
