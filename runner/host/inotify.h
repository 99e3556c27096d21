/* SPDX-License-Identifier: MIT */
#pragma once

/* Counts root's inotify instances, inotify(7). The instances of all users in containers count as the host's
 * root's, so that twenty guests use up the number that most hosts allow. */

#include "base/error.h"

/* A small Debian guest takes so many, with the path unit of its unit. */
#define INOTIFY_OF_A_GUEST 6

typedef struct InotifyUse {
        unsigned used; /* as far as processes' descriptors show */
        unsigned max;
} InotifyUse;

/* For root only. */
int inotify_count(InotifyUse *ret, Error *reterr);

static inline bool inotify_is_short(const InotifyUse *use) {
        return use->used + INOTIFY_OF_A_GUEST > use->max;
}

#define INOTIFY_HINT "sysctl -w fs.inotify.max_user_instances=1024, and a line in /etc/sysctl.d/"
