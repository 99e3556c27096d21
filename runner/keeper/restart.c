/* SPDX-License-Identifier: MIT */

#include "keeper/restart.h"

bool restart_limit_next(RestartLimit *limit, uint64_t now_usec, uint64_t *ret_delay_usec) {
        unsigned known = limit->n < RESTART_BURST ? limit->n : RESTART_BURST, recent = 0;

        for (unsigned i = 0; i < known; i++)
                if (now_usec - limit->usec[i] < RESTART_INTERVAL_USEC)
                        recent++;
        if (recent == RESTART_BURST)
                return false;
        limit->usec[limit->n++ % RESTART_BURST] = now_usec;
        *ret_delay_usec = RESTART_DELAY_USEC << recent;
        return true;
}
