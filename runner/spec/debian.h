/* SPDX-License-Identifier: MIT */
#pragma once

/* `system.debian`: a root file system that is made of Debian's packages, or of those of what descends from
 * it. Its words become arguments of mmdebstrap(1), in lists and in lines of sources.list(5), so none of them
 * can be an option, end a list or a line, or ask apt for anything but a package. */

#include "base/json-shape.h"
#include "spec/spec.h"

extern const JsonShape debian_shape;

/* Into the ContainerSpec @target. */
int debian_parse(const Json *value, const char *path, void *target, Error *reterr);
Json *debian_print(const DebianSpec *debian);
DebianSpec *debian_free(DebianSpec *debian);
