/* SPDX-License-Identifier: MIT */
#pragma once

/* How many inotify instances root has, inotify(7): those of containers count among the host's root, whoever
 * has them inside, so that twenty guests use up what most hosts allow. */

#include "base/error.h"

/* What a small Debian guest takes, and the unit's path unit. */
#define INOTIFY_OF_A_GUEST 6

typedef struct InotifyUse {
        unsigned used; /* as far as descriptors show */
        unsigned max;
} InotifyUse;

/* For root only. */
int inotify_count(InotifyUse *ret, Error *reterr);

static inline bool inotify_is_short(const InotifyUse *use) {
        return use->used + INOTIFY_OF_A_GUEST > use->max;
}

#define INOTIFY_HINT "sysctl -w fs.inotify.max_user_instances=1024, and a line in /etc/sysctl.d/"
