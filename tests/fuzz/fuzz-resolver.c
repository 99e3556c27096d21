/* SPDX-License-Identifier: MIT */

#include <arpa/inet.h>

#include "base/alloc.h"
#include "fuzz.h"
#include "keeper/resolver.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = xstrndup((const char *) data, size), *more = NULL;
        char address[INET_ADDRSTRLEN];
        struct in_addr in, again;

        if (!resolver_parse(text, &in))
                return 0;
        /* It stands there as it is told, and what follows changes nothing. */
        FUZZ_CHECK(inet_ntop(AF_INET, &in, address, sizeof(address)));
        FUZZ_CHECK(strstr(text, address));
        more = xasprintf("%s\nnameserver 192.0.2.1\n", text);
        FUZZ_CHECK(resolver_parse(more, &again) && again.s_addr == in.s_addr);
        return 0;
}
