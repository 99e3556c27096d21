/* SPDX-License-Identifier: MIT */

#include "supervisor/restart.h"

uint64_t reboot_pace_next(RebootPace *pace, uint64_t lived_usec) {
        uint64_t delay = REBOOT_DELAY_USEC;

        if (lived_usec >= REBOOT_SOON_USEC) {
                pace->soon = 0;
                return 0;
        }
        if (++pace->soon <= REBOOT_FREE)
                return 0;
        for (unsigned i = REBOOT_FREE + 1; i < pace->soon && delay < REBOOT_DELAY_MAX_USEC; i++)
                delay *= 2;
        return delay < REBOOT_DELAY_MAX_USEC ? delay : REBOOT_DELAY_MAX_USEC;
}

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
