/* SPDX-License-Identifier: MIT */
#pragma once

/* Which addresses a project gets: a /24 derived from the project's id, and in it one address for each
 * container, derived from its name. The same inputs give the same answer on every machine and at every time.
 * Pure: the routes of the host and what is remembered in the state are handed in. */

#include <netinet/in.h>

#include "base/error.h"

/* An IPv4 network in host byte order; the bits of `network` beyond `prefix` are zero. */
typedef struct Subnet {
        uint32_t network;
        uint8_t prefix;
        struct in6_addr network6; /* of a project's: what it has of IPv6; all zero: plan/address6.h says */
} Subnet;

/* What the state remembers: the last octet that a container has. */
typedef struct AllottedAddress {
        const char *name;
        uint8_t octet;
} AllottedAddress;

#define SUBNET_PREFIX        24
#define SUBNET_OCTET_GATEWAY 1 /* the bridge, that is the host */
#define SUBNET_OCTET_MIN     2
#define SUBNET_OCTET_MAX     254

/* Where a container with internet asks for names: what leads it there answers for the host's resolver. */
#define INTERNET_DNS "169.254.1.2"

bool subnet_overlaps(const Subnet *a, const Subnet *b);

/**
 * subnet_find_overlap() - the first of the host's routes that has addresses in common with a subnet
 *
 * Routes shorter than /8 are ignored: they are the default route, or the halves and quarters of the Internet
 * that some VPNs set in its place, and ours is the more specific one.
 *
 * Also for a remembered subnet, before it is used again: a VPN that was not there when it was chosen may
 * route it now. Return: an element of @taken, or NULL.
 */
const Subnet *subnet_find_overlap(const Subnet *subnet, const Subnet *taken, size_t n_taken);

/**
 * subnet_choose() - a /24 for a project
 * @id: the project's id
 * @taken: the routes of the host without those over the project's own bridge
 *
 * From 10.0.0.0/8, or, where that is routed as a whole (as company VPNs do), from 172.16.0.0/12, without the
 * parts that other tools are known to use. When all of both is taken: FC_EXIT_CONFLICT.
 */
int subnet_choose(const char *id, const Subnet *taken, size_t n_taken, Subnet *ret, Error *reterr);

/* Whether subnet_choose() could choose it on any host. The remembered network lies in a directory that a
 * guest may have as a volume, and a guest must not make another network, such as one of the Internet, the
 * project's. */
bool subnet_is_choosable(const Subnet *subnet);

/**
 * address_allot() - the last octet of a container's address, 2..254
 * @remembered: what was allotted before, also to containers that no longer exist
 *
 * A remembered name keeps its octet, a new one never gets an octet that is remembered for another.
 * FC_EXIT_CONFLICT when all 253 are.
 */
int address_allot(const char *name, const AllottedAddress *remembered, size_t n_remembered, uint8_t *ret,
                  Error *reterr);

/* The address with that last octet, in host byte order. */
uint32_t subnet_address(const Subnet *subnet, uint8_t octet);

/* "10.3.7.0/24"; owned by the caller. */
char *subnet_to_string(const Subnet *subnet);

/* Strict: four decimal octets, "/24", no host bits. FC_EXIT_USAGE otherwise. */
int subnet_from_string(const char *text, Subnet *ret, Error *reterr);

/* "10.3.7.9"; owned by the caller. */
char *address_to_string(uint32_t address);

/* Strict; FC_EXIT_USAGE when `text` is not an IPv4 address. */
int address_from_string(const char *text, uint32_t *ret, Error *reterr);
