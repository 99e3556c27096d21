/* SPDX-License-Identifier: MIT */
#pragma once

/* `system.oci`: a root file system that is unpacked from an image in the form of the Open Container
 * Initiative or of docker. The name in it becomes a part of an argument of skopeo(1), which it can neither
 * end nor begin. */

#include "base/json-shape.h"
#include "spec/spec.h"

extern const JsonShape oci_shape;

/* Into the ContainerSpec @target. */
int oci_parse(const Json *value, const char *path, void *target, Error *reterr);
Json *oci_print(const OciSpec *oci);
OciSpec *oci_free(OciSpec *oci);
