/* SPDX-License-Identifier: MIT */
#pragma once

/* The document's key "networks": what is said of the project's networks, and what their containers must
 * agree with. A network that is not mentioned here exists, too, when a container names it. */

#include "base/json-shape.h"
#include "spec/spec.h"

/* The network of a container that names none. */
#define NETWORK_DEFAULT "default"

extern const JsonShape networks_shape;

/* Into the Spec @target. */
int networks_parse(const Json *value, const char *path, void *target, Error *reterr);

/* NULL: there is nothing to say. Owned by the caller. */
Json *networks_print(const Spec *spec);

/**
 * networks_check() - what containers say of networks together
 *
 * Fixed addresses lie in their network, and none is given twice, nor is a MAC address. A network of which
 * nothing is said but a fixed address in it has the subnet around that: it is added to @spec.
 */
int networks_check(Spec *spec, Error *reterr);

/* Of one family: no two networks have the same. */
int networks_check_subnets(const Spec *spec, bool ipv6, Error *reterr);

/* What is said of the network, where nothing is an empty one that is added. Owned by @spec. */
NetworkSpec *networks_add(Spec *spec, const char *name);

/* The name of a container's first network, which its fixed addresses are in. */
const char *networks_first(const ContainerSpec *c);

/* What is said of the network; NULL: nothing. */
const NetworkSpec *networks_find(const Spec *spec, const char *name);
