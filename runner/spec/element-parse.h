/* SPDX-License-Identifier: MIT */
#pragma once

/* Elements of "ports", "volumes" and "devices": each is a string in the short form or an object. */

#include "base/json.h"
#include "spec/spec.h"

/* @ret: owned by the caller, see port_done(), volume_done() and device_done(). */
int port_parse_json(const Json *value, const char *path, Port *ret, Error *reterr);
int volume_parse_json(const Json *value, const char *path, Volume *ret, Error *reterr);
int device_parse_json(const Json *value, const char *path, Device *ret, Error *reterr);
