/* SPDX-License-Identifier: MIT */
#pragma once

/* An IPv6 network of a project as text: of unique local addresses (RFC 4193) with a prefix of 64 bits,
 * "fd00:1:2:3::/64". */

#include <netinet/in.h>
#include <stdbool.h>

#define NETWORK6_PREFIX "/64"

/* fc00::/7: neither routed on the internet nor a link's own. */
bool network6_is_private(const struct in6_addr *address);

/* Strict: that prefix, and no bit of an address beyond it. @ret: written on success only. */
bool network6_read(const char *text, struct in6_addr *ret);

/* As inet_ntop(3) writes it; owned by the caller. */
char *network6_print(const struct in6_addr *network);
