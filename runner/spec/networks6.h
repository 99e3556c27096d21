/* SPDX-License-Identifier: MIT */
#pragma once

/* What a specification says of IPv6 in the project's own networks: networks.NAME.subnet6, and
 * network.address6 of the containers in them. */

#include "base/json-shape.h"
#include "spec/spec.h"

extern const JsonShape networks6_subnet_shape;

/* Into the NetworkSpec @target, as network6_print() writes it. */
int networks6_parse_subnet(const Json *value, const char *path, void *target, Error *reterr);

/* The last number of a container's fixed address, the same in both families; 0: it has none, nor has one in
 * a network of the host's. */
uint8_t networks6_number(const ContainerSpec *c);

/**
 * networks6_check() - what containers and networks say of IPv6 together
 *
 * As networks_check(), which calls it when it has looked at IPv4: fixed addresses lie in their network and
 * end as those of IPv4 do, and a network of which nothing else is said has the subnet around them.
 */
int networks6_check(Spec *spec, Error *reterr);
