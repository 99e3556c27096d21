/* SPDX-License-Identifier: MIT */
#pragma once

/* How often a unit that fails may be started again is systemd's to decide (StartLimitBurst= in
 * systemd.unit(5)), and it says nothing when it does not. So the starts are counted here by the same rule,
 * for `status` to tell. */

#include "base/error.h"

/* Counts a start. @first: a command's, which has no past. */
int start_limit_count(int runtime_fd, bool first, Error *reterr);

/* Is the next start going to be refused? */
int start_limit_reached(int runtime_fd, bool *ret, Error *reterr);
