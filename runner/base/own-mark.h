/* SPDX-License-Identifier: MIT */
#pragma once

/* Marks of ours on directories of a project: extended attributes, which go wherever the directory goes. With
 * root they are "trusted.", which a guest can neither write nor see. Without root the user cannot either, so
 * they are "user." there; the guest's root, who is that user, can write these, and nothing that is for
 * others depends on them. */

#include "base/macro.h"

#define OWN_MARK "flake-containers."

/* That a guest was given a directory to write to: with root only, which works on behalf of others. */
#define OWN_MARK_GUEST "trusted." OWN_MARK "guest"

/* What their names begin with, in either way. */
static inline const char *own_mark_prefix(bool rootless) {
        return rootless ? "user." OWN_MARK : "trusted." OWN_MARK;
}
