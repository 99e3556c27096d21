/* SPDX-License-Identifier: MIT */
#pragma once

/* The key "tmpfs", and one as a string: "TARGET[:OPTION,...]", an option being "size=SIZE" or "mode=MODE".
 * In the target "\:" is a colon and "\\" a backslash. */

#include "spec/key.h"

extern const SpecKey tmpfs_key;

/* @ret: owned by the caller, see tmpfs_done(). All mistakes are FC_EXIT_USAGE. */
int tmpfs_parse(const char *text, Tmpfs *ret, Error *reterr);
