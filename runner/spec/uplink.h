/* SPDX-License-Identifier: MIT */
#pragma once

/* A container that is in a network of the host's: which of the host's interfaces it is attached to, and what
 * is said of its address there. The system inside asks for what is not said. */

#include "spec/key.h"

extern const JsonShape uplink_interface_shape, uplink_gateway_shape, uplink_address6_shape,
        uplink_gateway6_shape;

int uplink_parse_interface(const Json *value, const char *path, void *target, Error *reterr);
int uplink_parse_gateway(const Json *value, const char *path, void *target, Error *reterr);
int uplink_parse_address6(const Json *value, const char *path, void *target, Error *reterr);
int uplink_parse_gateway6(const Json *value, const char *path, void *target, Error *reterr);

/* "192.168.1.20/24", or without the prefix, which is then 0. Host byte order. */
bool uplink_read_address(const char *text, uint32_t *ret_address, uint8_t *ret_prefix);

/* Whether the keys go together with each other and with the mode, @mode in words. */
int uplink_check(const ContainerSpec *c, const char *mode, Error *reterr);
