/* SPDX-License-Identifier: MIT */
#pragma once

/* Which IPv6 addresses a network gets: where the specification gives none, a prefix of unique local
 * addresses, fdXX:XXXX:XXXX::/48 (RFC 4193), derived from the network's name, which is derived from the
 * project's id. Nothing of it is remembered: the prefix is long enough that two networks of one host do not
 * meet, and what is told apart in a network is so by the octet that its IPv4 address has. Pure. */

#include "plan/address.h"

#define ADDRESS6_PREFIX 64

/* Of a container, "fd1a:2b3c:4d5e::42" where its IPv4 address ends in 42: the same digits, so that a reader
 * finds one by the other.
 * @network: its name
 * @given: as Subnet's network6
 * @octet: 0: the network itself */
struct in6_addr address6_of(const char *network, const struct in6_addr *given, uint8_t octet);

/* Of the host, "fd1a:2b3c:4d5e:1::1": not in the containers' network, so that none of them can send from it,
 * also where that is given. */
struct in6_addr address6_of_host(const char *network);

/* Owned by the caller. */
char *address6_to_string(const struct in6_addr *address);
