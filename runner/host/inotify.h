/* SPDX-License-Identifier: MIT */
#pragma once

/* Counts this user's inotify instances, inotify(7): root's, or without root what can be seen of them. The
 * instances of all users in containers count as those of the user who runs them, so that twenty guests use
 * up the number that most hosts allow. */

#include "base/error.h"

/* A small Debian guest takes so many, with the path unit of its unit. */
#define INOTIFY_OF_A_GUEST 6

typedef struct InotifyUse {
        unsigned used; /* as far as processes' descriptors show */
        unsigned max;
} InotifyUse;

int inotify_count(InotifyUse *ret, Error *reterr);

static inline bool inotify_is_short(const InotifyUse *use) {
        return use->used + INOTIFY_OF_A_GUEST > use->max;
}

#define INOTIFY_HINT "sysctl -w fs.inotify.max_user_instances=1024, and a line in /etc/sysctl.d/"
