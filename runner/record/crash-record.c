/* SPDX-License-Identifier: MIT */

#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "record/crash-record.h"
#include "record/record.h"

#define CRASH_RECORD "crashes"

int crash_record_write(int runtime_fd, const CrashRecord *record, Error *reterr) {
        _cleanup_free_ char *text =
                xasprintf("restarts=%u\nreboots=%u\ncrash=%" PRIu64 "\nready=%" PRIu64 "\nreason=%s\n",
                          record->restarts, record->reboots, record->crash_usec, record->ready_usec,
                          record->restarts > 0 ? record->reason : "-");

        return record_write(runtime_fd, CRASH_RECORD, text, reterr);
}

bool crash_record_parse(const char *text, CrashRecord *ret) {
        CrashRecord record = {};

        if (sscanf(text, "restarts=%u\nreboots=%u\ncrash=%" SCNu64 "\nready=%" SCNu64 "\nreason=%127[^\n]",
                   &record.restarts, &record.reboots, &record.crash_usec, &record.ready_usec,
                   record.reason) != 5)
                return false;
        *ret = record;
        return true;
}

int crash_record_read(int runtime_fd, CrashRecord *ret, Error *reterr) {
        _cleanup_free_ char *text = NULL;
        CrashRecord record = {};
        int r;

        r = record_read(runtime_fd, CRASH_RECORD, &text, reterr);
        if (r < 0)
                return r;
        if (text && !crash_record_parse(text, &record))
                return record_damaged(CRASH_RECORD, reterr);
        *ret = record;
        return 0;
}

int crash_record_remove(int runtime_fd, Error *reterr) {
        return record_remove(runtime_fd, CRASH_RECORD, reterr);
}
