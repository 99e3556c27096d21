/* SPDX-License-Identifier: MIT */
#pragma once

/* All that is below a directory, visited without recursion and with three descriptors, however deep it is: a
 * guest may have made it deep. No symbolic link is followed and no mount is entered, which only the kernel
 * can tell, since a bind mount has the device number of its source. */

#include <dirent.h>

#include "base/macro.h"

typedef enum WalkStep {
        WALK_ON,    /* done with it */
        WALK_ENTER, /* it is a directory that is to be entered; of leave(): once more */
} WalkStep;

/* Each returns a WalkStep or a negative errno, which ends the walk. */
typedef struct WalkVisitor {
        /* An entry of the directory `dir_fd`. One is entered when all beside it have been seen. */
        int (*entry)(int dir_fd, const struct dirent *entry, void *userdata);
        /* All that is in the directory `name` has been visited. May be NULL. */
        int (*leave)(int dir_fd, const char *name, void *userdata);
        /* Leaves out what is a mount, has gone or was exchanged. Else that ends the walk: -EBUSY for a
         * mount. */
        bool tolerant;
} WalkVisitor;

/* Return: 0 or a negative errno; -ESTALE when another process has moved a directory meanwhile. */
int walk_below(int dir_fd, const WalkVisitor *visitor, void *userdata);

/* Opens a file of the directory, by no link, and not across a mount (EXDEV). Return: as open(). */
int walk_open(int dir_fd, const char *name, int flags);
