/* SPDX-License-Identifier: MIT */

#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/process.h"
#include "keeper/machine-unit.h"
#include "record/record.h"
#include "keeper/service-start-limit.h"

#define RECORD "starts"

typedef struct Starts {
        uint64_t begin_usec; /* CLOCK_MONOTONIC, of the interval */
        unsigned n;
} Starts;

static int read_starts(int runtime_fd, Starts *ret, Error *reterr) {
        _cleanup_free_ char *text = NULL;
        Starts starts = {};
        int r;

        r = record_read(runtime_fd, RECORD, &text, reterr);
        if (r < 0)
                return r;
        if (text && sscanf(text, "%" SCNu64 " %u", &starts.begin_usec, &starts.n) != 2)
                return record_damaged(RECORD, reterr);
        *ret = starts;
        return 0;
}

static bool is_over(const Starts *starts, uint64_t now) {
        return starts->n == 0 || starts->begin_usec + UNIT_RESTART_INTERVAL_USEC < now;
}

int start_limit_count(int runtime_fd, bool first, Error *reterr) {
        _cleanup_free_ char *text = NULL;
        uint64_t now = now_usec();
        Starts starts = {};
        int r;

        r = first ? 0 : read_starts(runtime_fd, &starts, reterr);
        if (r < 0)
                return r;
        if (is_over(&starts, now))
                starts = (Starts){.begin_usec = now};
        starts.n++;
        text = xasprintf("%" PRIu64 " %u", starts.begin_usec, starts.n);
        return record_write(runtime_fd, RECORD, text, reterr);
}

int start_limit_reached(int runtime_fd, bool *ret, Error *reterr) {
        Starts starts;
        int r = read_starts(runtime_fd, &starts, reterr);

        if (r < 0)
                return r;
        *ret = !is_over(&starts, now_usec() + UNIT_RESTART_DELAY_USEC) && starts.n >= UNIT_START_BURST;
        return 0;
}
