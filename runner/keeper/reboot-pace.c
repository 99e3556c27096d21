/* SPDX-License-Identifier: MIT */

#include "keeper/reboot-pace.h"
#include "base/alloc.h"

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

char *reboot_pace_describe(const RebootPace *pace, uint64_t delay_usec) {
        if (delay_usec == 0)
                return NULL;
        return xasprintf("for the %u. time at once, in %.1f s", pace->soon,
                         (double) delay_usec / (double) USEC_PER_SEC);
}
