/* SPDX-License-Identifier: MIT */

#include "fuzz.h"
#include "keeper/nspawn-notify.h"

/* nspawn's notifications, with what the guest's PID 1 says in them. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = fuzz_string(data, size);
        _cleanup_(nspawn_notice_done) NspawnNotice notice = {0};

        nspawn_notice_parse(text, &notice);
        FUZZ_CHECK(notice.leader >= 0);
        FUZZ_CHECK(!notice.ready || strstr(text, "READY=1"));
        if (notice.status)
                FUZZ_CHECK(strlen(notice.status) < size && !strchr(notice.status, '\n'));
        return 0;
}
