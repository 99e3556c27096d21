/* SPDX-License-Identifier: MIT */
#pragma once

/* The key "ports", and one published port as a string: "[ADDRESS:]HOST:CONTAINER[/tcp]" or "PORT". */

#include "spec/key.h"

extern const SpecKey ports_key;

/**
 * port_parse() - read the short form of a published port
 * @text: ADDRESS is IPv4 or an IPv6 address in brackets, HOST a port or "auto"; a PORT alone is the same on
 *        both sides
 * @ret: its address is owned by the caller, see port_done()
 */
int port_parse(const char *text, Port *ret, Error *reterr);

/* The canonical text of a numeric address that a service can be published on. Owned by the caller. */
int port_parse_address(const char *text, char **ret, Error *reterr);

/* FC_EXIT_USAGE unless it is "tcp". */
int port_check_protocol(const char *protocol, Error *reterr);
