/* SPDX-License-Identifier: MIT */

#include "fuzz.h"
#include "spec/port.h"

/* The short form of what was read. */
static char *print(const Port *port) {
        _cleanup_free_ char *address = NULL, *host = NULL;

        if (port->address)
                address = xasprintf(strchr(port->address, ':') ? "[%s]:" : "%s:", port->address);
        host = port->host > 0 ? xasprintf("%u", port->host) : xstrdup("auto");
        return xasprintf("%s%s:%u", address ? address : "", host, port->container);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_(port_done) Port port = {0}, again = {0};
        _cleanup_free_ char *text = fuzz_string(data, size), *printed = NULL;
        int r;

        r = port_parse(text, &port, &error);
        fuzz_check_result(r, &error);
        if (r < 0) {
                FUZZ_CHECK(!port.address);
                return 0;
        }
        FUZZ_CHECK(port.container > 0);
        printed = print(&port);
        FUZZ_CHECK(port_parse(printed, &again, NULL) >= 0);
        FUZZ_CHECK(streq_ptr(port.address, again.address) && port.host == again.host &&
                   port.container == again.container);
        return 0;
}
