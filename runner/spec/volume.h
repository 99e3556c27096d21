/* SPDX-License-Identifier: MIT */
#pragma once

/* The keys "volumes" and "tmpfs", and one volume as a string: "SOURCE:TARGET[:ro|:rw]", in which "\:" is a
 * colon and "\\" a backslash of a path. */

#include "spec/key.h"

extern const SpecKey volumes_key;
extern const SpecKey tmpfs_key;

/* @ret: owned by the caller, see volume_done(). */
int volume_parse(const char *text, Volume *ret, Error *reterr);

/* A path of the host, or "@NAME" for a volume that is kept in .containers/volumes/NAME. */
int volume_check_source(const char *source, Error *reterr);

/* Who owns what is in it when the specification does not say. */
VolumeOwner volume_default_owner(const char *source);
