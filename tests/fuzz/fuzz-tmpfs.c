/* SPDX-License-Identifier: MIT */

#include "fuzz.h"
#include "spec/tmpfs.h"

static char *print(const Tmpfs *t) {
        _cleanup_free_ char *target = xmalloc0(strlen(t->target) * 2 + 1),
                            *size = xasprintf("%s%s", t->size ? ",size=" : "", t->size ? t->size : ""),
                            *mode = t->mode_given ? xasprintf(",mode=%04o", t->mode) : xstrdup(""),
                            *options = xasprintf("%s%s", size, mode);
        char *end = target;

        for (const char *s = t->target; *s; s++) {
                if (*s == ':' || *s == '\\')
                        *end++ = '\\';
                *end++ = *s;
        }
        return xasprintf("%s%s%s", target, options[0] ? ":" : "", options[0] ? options + 1 : "");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_(tmpfs_done) Tmpfs tmpfs = {}, again = {};
        _cleanup_free_ char *text = fuzz_string(data, size), *printed = NULL;
        int r;

        r = tmpfs_parse(text, &tmpfs, &error);
        fuzz_check_result(r, &error);
        if (r < 0) {
                FUZZ_CHECK(!tmpfs.target && !tmpfs.size);
                return 0;
        }
        FUZZ_CHECK(tmpfs.target[0] == '/' && tmpfs.target[1] && tmpfs.mode <= 07777);
        printed = print(&tmpfs);
        FUZZ_CHECK(tmpfs_parse(printed, &again, NULL) >= 0);
        FUZZ_CHECK(streq(tmpfs.target, again.target) && streq_ptr(tmpfs.size, again.size) &&
                   tmpfs.mode == again.mode && tmpfs.mode_given == again.mode_given);
        return 0;
}
