/* SPDX-License-Identifier: MIT */

#include "fuzz.h"
#include "spec/port.h"

/* The short form of what was read. */
static char *print(const PortRange *range) {
        const Port *port = &range->first;
        _cleanup_free_ char *address = NULL, *host = NULL;

        if (port->address)
                address = xasprintf(strchr(port->address, ':') ? "[%s]:" : "%s:", port->address);
        host = port->host > 0 ? xasprintf("%u-%u", port->host, port->host + range->n - 1) : xstrdup("auto");
        return xasprintf("%s%s:%u-%u/%s", address ? address : "", host, port->container,
                         port->container + range->n - 1, port->udp ? "udp" : "tcp");
}

static void check_split(const char *text) {
        const char *rest;
        _cleanup_free_ char *name = port_split_name(text, &rest);

        FUZZ_CHECK(name ? startswith(text, name) && text + strlen(name) + 1 == rest && rest[-1] == ':'
                        : rest == text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *text = fuzz_string(data, size), *printed = NULL;
        PortRange range = {0}, again = {0};
        const Port *a = &range.first, *b = &again.first;
        int r;

        check_split(text);
        r = port_range_parse(text, &range, &error);
        fuzz_check_result(r, &error);
        if (r < 0) {
                FUZZ_CHECK(!a->address);
                return 0;
        }
        FUZZ_CHECK(a->container > 0 && range.n > 0 && a->container + range.n - 1 <= UINT16_MAX &&
                   a->host + range.n - 1 <= UINT16_MAX);
        printed = print(&range);
        FUZZ_CHECK(port_range_parse(printed, &again, NULL) >= 0);
        FUZZ_CHECK(streq_ptr(a->address, b->address) && a->host == b->host && a->container == b->container &&
                   a->udp == b->udp && range.n == again.n);
        port_done(&range.first);
        port_done(&again.first);
        return 0;
}
