/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "record/crash-record.h"
#include "base/alloc.h"
#include "base/fs.h"

#define RECORD     "crashes"
#define RECORD_MAX 4096

int crash_record_write(int runtime_fd, const CrashRecord *record, Error *reterr) {
        _cleanup_free_ char *text =
                xasprintf("restarts=%u\nreboots=%u\ncrash=%" PRIu64 "\nready=%" PRIu64 "\nreason=%s\n",
                          record->restarts, record->reboots, record->crash_usec, record->ready_usec,
                          record->restarts > 0 ? record->reason : "-");

        return fs_write_atomic(runtime_fd, RECORD, text, strlen(text), 0644, reterr);
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
        _cleanup_close_ int fd = -EBADF;
        CrashRecord record = {};
        int r;

        r = fs_open_beneath_optional(runtime_fd, RECORD, O_RDONLY, &fd, reterr);
        if (r >= 0 && fd >= 0)
                r = fs_read_fd(fd, RECORD, RECORD_MAX, &text, NULL, reterr);
        if (r < 0)
                return r;
        if (text && !crash_record_parse(text, &record))
                return error_raise(reterr, FC_EXIT_INTERNAL, "the record '" RECORD "' is damaged");
        *ret = record;
        return 0;
}

int crash_record_remove(int runtime_fd, Error *reterr) {
        if (unlinkat(runtime_fd, RECORD, 0) < 0 && errno != ENOENT)
                return error_set(reterr, errno, "remove '" RECORD "'");
        return 0;
}
