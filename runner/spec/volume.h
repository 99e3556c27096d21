/* SPDX-License-Identifier: MIT */
#pragma once

/* The key "volumes", and one as a string: "SOURCE:TARGET[:ro|:rw]", in which "\:" is a colon and "\\" a
 * backslash of a path. */

#include "spec/key.h"

extern const SpecKey volumes_key;

/* @ret: owned by the caller, see volume_done(). */
int volume_parse(const char *text, Volume *ret, Error *reterr);

/* Adds one that the document does not have, with the same rules. @volume: taken. */
int volume_add_once(ContainerSpec *c, Volume *volume, Error *reterr);
