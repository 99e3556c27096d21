/* SPDX-License-Identifier: MIT */

#include <arpa/inet.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "plan/address.h"

#define IPV4(a, b, c, d) ((uint32_t) (a) << 24 | (uint32_t) (b) << 16 | (uint32_t) (c) << 8 | (uint32_t) (d))

/* Tried in this order. 192.168.0.0/16 is left to homes and offices, where it collides most. */
static const Subnet pools[] = {
        {IPV4(10, 0, 0, 0), 8},
        {IPV4(172, 16, 0, 0), 12},
};

/* Used by others who are not always there when we look at the routes. */
static const Subnet reserved[] = {
        {IPV4(10, 0, 0, 0), 15},   /* 10.0 and 10.1: home routers, cloud networks */
        {IPV4(10, 42, 0, 0), 15},  /* 10.42 and 10.43: k3s, pods and services */
        {IPV4(10, 88, 0, 0), 15},  /* 10.88 and 10.89: podman */
        {IPV4(10, 233, 0, 0), 16}, /* nixos-container */
        {IPV4(172, 17, 0, 0), 16}, /* docker0 */
};

static uint32_t mask_of(uint8_t prefix) {
        return prefix == 0 ? 0 : UINT32_MAX << (32 - prefix);
}

bool subnet_overlaps(const Subnet *a, const Subnet *b) {
        uint32_t mask = mask_of(a->prefix < b->prefix ? a->prefix : b->prefix);

        return (a->network & mask) == (b->network & mask);
}

const Subnet *subnet_find_overlap(const Subnet *subnet, const Subnet *taken, size_t n_taken) {
        for (size_t i = 0; i < n_taken; i++)
                if (taken[i].prefix >= 8 && subnet_overlaps(subnet, &taken[i]))
                        return &taken[i];
        return NULL;
}

bool subnet_is_choosable(const Subnet *subnet) {
        if (subnet->prefix != SUBNET_PREFIX || subnet_find_overlap(subnet, reserved, ELEMENTSOF(reserved)))
                return false;
        return subnet_find_overlap(subnet, pools, ELEMENTSOF(pools)) != NULL;
}

static bool choose_from(const Subnet *pool, uint64_t hash, const Subnet *taken, size_t n_taken,
                        Subnet *ret) {
        uint32_t n = UINT32_C(1) << (SUBNET_PREFIX - pool->prefix), first = (uint32_t) (hash % n);

        for (uint32_t i = 0; i < n; i++) {
                Subnet candidate = {
                        .network = pool->network + ((first + i) % n << (32 - SUBNET_PREFIX)),
                        .prefix = SUBNET_PREFIX,
                };

                if (!subnet_is_choosable(&candidate) || subnet_find_overlap(&candidate, taken, n_taken))
                        continue;
                *ret = candidate;
                return true;
        }
        return false;
}

int subnet_choose(const char *id, const Subnet *taken, size_t n_taken, Subnet *ret, Error *reterr) {
        uint64_t hash = hash_text(id);
        int r;

        for (size_t i = 0; i < ELEMENTSOF(pools); i++)
                if (choose_from(&pools[i], hash, taken, n_taken, ret))
                        return 0;

        r = error_raise(
                reterr, FC_EXIT_CONFLICT,
                "no private network is left for project '%s': this host routes all of 10.0.0.0/8 and "
                "172.16.0.0/12",
                id);
        error_add_hint(reterr, "look at 'ip -4 route show table all'; a VPN that routes less leaves room");
        error_add_hint(reterr, "or use the host's network: \"network\": { \"mode\": \"host\" }");
        return r;
}

static bool remembered_for(uint8_t octet, const AllottedAddress *remembered, size_t n_remembered) {
        for (size_t i = 0; i < n_remembered; i++)
                if (remembered[i].octet == octet)
                        return true;
        return false;
}

int address_allot(const char *name, const AllottedAddress *remembered, size_t n_remembered, uint8_t *ret,
                  Error *reterr) {
        const uint32_t n = SUBNET_OCTET_MAX - SUBNET_OCTET_MIN + 1;
        uint32_t first = (uint32_t) (hash_text(name) % n);
        int r;

        for (size_t i = 0; i < n_remembered; i++)
                if (streq(remembered[i].name, name)) {
                        *ret = remembered[i].octet;
                        return 0;
                }
        for (uint32_t i = 0; i < n; i++) {
                uint8_t octet = (uint8_t) (SUBNET_OCTET_MIN + (first + i) % n);

                if (remembered_for(octet, remembered, n_remembered))
                        continue;
                *ret = octet;
                return 0;
        }
        r = error_raise(reterr, FC_EXIT_CONFLICT, "no address is left for container '%s': %u are remembered",
                        name, n);
        error_add_hint(reterr, "containers that no longer exist keep theirs until their state is deleted");
        return r;
}

uint32_t subnet_address(const Subnet *subnet, uint8_t octet) {
        return subnet->network | octet;
}

char *address_to_string(uint32_t address) {
        return xasprintf("%u.%u.%u.%u", address >> 24, address >> 16 & 0xff, address >> 8 & 0xff,
                         address & 0xff);
}

int address_from_string(const char *text, uint32_t *ret, Error *reterr) {
        struct in_addr in;

        /* Unlike inet_aton(3), inet_pton(3) takes neither "10.1" nor octal octets. */
        if (inet_pton(AF_INET, text, &in) != 1)
                return error_raise(reterr, FC_EXIT_USAGE, "'%s' is not an IPv4 address", text);
        *ret = ntohl(in.s_addr);
        return 0;
}

char *subnet_to_string(const Subnet *subnet) {
        _cleanup_free_ char *network = address_to_string(subnet->network);

        return xasprintf("%s/%u", network, subnet->prefix);
}

int subnet_from_string(const char *text, Subnet *ret, Error *reterr) {
        const char *slash = strchr(text, '/');
        _cleanup_free_ char *network = xstrndup(text, slash ? (size_t) (slash - text) : strlen(text));
        uint32_t address = 0;

        if (!slash || !streq(slash, "/24"))
                return error_raise(reterr, FC_EXIT_USAGE, "'%s' is not a network with a prefix of /24",
                                   text);
        if (address_from_string(network, &address, NULL) < 0)
                return error_raise(reterr, FC_EXIT_USAGE, "'%s' is not an IPv4 network", text);
        if (address & ~mask_of(SUBNET_PREFIX))
                return error_raise(reterr, FC_EXIT_USAGE, "'%s' is an address, not a network", text);
        *ret = (Subnet){.network = address, .prefix = SUBNET_PREFIX};
        return 0;
}
