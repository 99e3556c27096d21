/* SPDX-License-Identifier: MIT */

#include <arpa/inet.h>
#include <string.h>

#include "base/alloc.h"
#include "base/network6.h"

bool network6_is_private(const struct in6_addr *address) {
        return (address->s6_addr[0] & 0xfe) == 0xfc;
}

bool network6_read(const char *text, struct in6_addr *ret) {
        static const uint8_t none[8] = {};
        const char *slash = strchr(text, '/');
        _cleanup_free_ char *address = slash ? xstrndup(text, (size_t) (slash - text)) : NULL;
        struct in6_addr in;

        if (!address || !streq(slash, NETWORK6_PREFIX) || inet_pton(AF_INET6, address, &in) != 1 ||
            !network6_is_private(&in) || memcmp(in.s6_addr + 8, none, sizeof(none)) != 0)
                return false;
        *ret = in;
        return true;
}

char *network6_print(const struct in6_addr *network) {
        char text[INET6_ADDRSTRLEN];

        (void) inet_ntop(AF_INET6, network, text, sizeof(text));
        return xasprintf("%s" NETWORK6_PREFIX, text);
}
