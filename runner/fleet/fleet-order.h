/* SPDX-License-Identifier: MIT */
#pragma once

/* Which member of a fleet waits for which. Containers that are not in the fleet do not count. */

#include "fleet/fleet-member.h"

typedef enum Needs {
        NEEDS_MET,
        NEEDS_OPEN,   /* not yet */
        NEEDS_FAILED, /* never */
} Needs;

/* What a member that is to be started waits for. @ret_open: the first that is not met, with the member that
 * it is about; set unless all are met. */
Needs member_needs(const Member *m, const Dependency **ret_open, const Member **ret_other);

/* Whether all that depends on it and is to be stopped has stopped. */
bool member_may_stop(const Member *m);

/* Whether another one waits until it is ready or completed. */
bool member_is_awaited(const Member *m);
