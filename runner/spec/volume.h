/* SPDX-License-Identifier: MIT */
#pragma once

/* The key "volumes", and one as a string: "SOURCE:TARGET[:ro|:rw|:overlay]", in which "\:" is a colon and
 * "\\" a backslash of a path. */

#include "spec/key.h"

extern const SpecKey volumes_key;

/* @ret: owned by the caller, see volume_done(). */
int volume_parse(const char *text, Volume *ret, Error *reterr);

/* What is kept of it in .containers/volumes has that name: a named volume, or what is written to an overlay.
 * Owned by the caller; NULL: nothing is. */
char *volume_kept_name(const char *container, const Volume *volume);

/* That of an overlay. No named volume can have it. */
char *volume_overlay_name(const char *container, const char *target);

/* Adds one that the document does not have, with the same rules. @volume: taken. */
int volume_add_once(ContainerSpec *c, Volume *volume, Error *reterr);
