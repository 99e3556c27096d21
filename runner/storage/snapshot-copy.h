/* SPDX-License-Identifier: MIT */
#pragma once

/* One tree of a snapshot on its way there or back, and what is shown of that. */

#include "screen/progress.h"

/**
 * snapshot_copy() - copy a directory with all that it has
 * @from, @to: one name in each directory; @to does not exist yet
 * @shown: whose tree it is, for progress and messages: a container's name, or "@" and a volume's
 * @phase: what is being done
 * @bytes: is added to
 */
int snapshot_copy(int from_dir_fd, const char *from, int to_dir_fd, const char *to, const char *shown,
                  Phase phase, Progress *progress, uint64_t *bytes, Error *reterr);
