/* SPDX-License-Identifier: MIT */

#include <arpa/inet.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "plan/address6.h"

static struct in6_addr network_prefix(const char *network) {
        _cleanup_free_ char *text = xasprintf("ipv6 %s", network);
        struct in6_addr prefix = {.s6_addr = {0xfd}};
        uint64_t hash = hash_text(text);

        for (size_t i = 0; i < 5; i++)
                prefix.s6_addr[1 + i] = (uint8_t) (hash >> 8 * i);
        return prefix;
}

struct in6_addr address6_of(const char *network, const struct in6_addr *given, uint8_t octet) {
        struct in6_addr address = IN6_IS_ADDR_UNSPECIFIED(given) ? network_prefix(network) : *given;

        address.s6_addr[14] = octet / 100;
        address.s6_addr[15] = (uint8_t) (octet / 10 % 10 << 4 | octet % 10);
        return address;
}

struct in6_addr address6_of_host(const char *network) {
        struct in6_addr address = network_prefix(network);

        address.s6_addr[7] = 1;
        address.s6_addr[15] = 1;
        return address;
}

char *address6_to_string(const struct in6_addr *address) {
        char text[INET6_ADDRSTRLEN];

        (void) inet_ntop(AF_INET6, address, text, sizeof(text));
        return xstrdup(text);
}
