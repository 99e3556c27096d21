/* SPDX-License-Identifier: MIT */
#pragma once

/* The key "ports", and published ports as a string: "[ADDRESS:]HOST:CONTAINER[/udp]" or "PORT". */

#include "spec/key.h"

extern const SpecKey ports_key;

/* Of a container. On a host that systemd manages all its descriptors are one message. */
#define PORTS_MAX 100

/* Ports that follow each other, at the same address. */
typedef struct PortRange {
        Port first;
        unsigned n;
} PortRange;

/**
 * port_range_parse() - read the short form of published ports
 * @text: ADDRESS is IPv4 or an IPv6 address in brackets, HOST a port or "auto"; a PORT alone is the same on
 *        both sides. A port may be a range "8000-8010", which is as long on both sides
 * @ret: the address of its first is owned by the caller, see port_done()
 */
int port_range_parse(const char *text, PortRange *ret, Error *reterr);

/* The port of this number. Its address is owned by the caller. */
Port port_range_get(const PortRange *range, unsigned number);

/* "NAME:" in front of such a text, as `up --publish` takes it. A number or an address begins the text, and
 * so does "auto" where it stands for the port on the host. Return: the name, owned by the caller, or
 * NULL. */
char *port_split_name(const char *text, const char **ret_rest);

/* A port beside those of the specification; the address of @range is taken over in any case. FC_EXIT_USAGE
 * when the container cannot have it. */
int ports_add_once(ContainerSpec *c, PortRange *range, Error *reterr);

#define PORT_ADDRESSES_MAX 2

/* Where on the host it is wanted: at its address, or else at 127.0.0.1 and ::1, in this order. Return: how
 * many there are; the texts are not the caller's. */
size_t port_addresses(const Port *port, const char *ret[PORT_ADDRESSES_MAX]);

/* The first @n characters of @s as a number from 1 to 65535, without sign, space and leading zeros. @shown:
 * the text that they are in, for messages. */
int port_number_parse(const char *s, size_t n, const char *shown, uint16_t *ret, Error *reterr);
