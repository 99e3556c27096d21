/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
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

static bool start_limit_is_over(const StartLimit *limit, uint64_t now_usec) {
        return limit->n == 0 || limit->begin_usec + RESTART_INTERVAL_USEC < now_usec;
}

void start_limit_count(StartLimit *limit, uint64_t now_usec) {
        if (start_limit_is_over(limit, now_usec))
                *limit = (StartLimit){.begin_usec = now_usec};
        limit->n++;
}

uint64_t start_limit_delay(const StartLimit *limit, uint64_t now_usec) {
        unsigned recent = start_limit_is_over(limit, now_usec) ? 0 : limit->n - 1;

        return RESTART_DELAY_USEC << (recent < RESTART_BURST ? recent : RESTART_BURST);
}

bool start_limit_is_reached(const StartLimit *limit, uint64_t now_usec) {
        return !start_limit_is_over(limit, now_usec + RESTART_DELAY_USEC) && limit->n >= START_BURST;
}

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
