/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "base/call-filter.h"

static int add_with_variants(scmp_filter_ctx filter, uint32_t action, const char *name) {
        static const char *const suffixes[] = {"", "32", "64", "_time64"};
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(suffixes); i++) {
                _cleanup_free_ char *variant = xasprintf("%s%s", name, suffixes[i]);
                int number = seccomp_syscall_resolve_name(variant);

                if (number != __NR_SCMP_ERROR)
                        r = seccomp_rule_add(filter, action, number, 0);
        }
        return r;
}

int call_filter_add(scmp_filter_ctx filter, uint32_t action, const char *names) {
        _cleanup_free_ char *copy = xstrdup(names);
        char *rest = copy, *name;
        int r = 0;

        while (r >= 0 && (name = strsep(&rest, " ")))
                r = add_with_variants(filter, action, name);
        return r;
}

int call_filter_load(uint32_t others, int (*fill)(scmp_filter_ctx filter, const void *userdata),
                     const void *userdata, Error *reterr) {
        scmp_filter_ctx filter = seccomp_init(others);
        int r;

        if (!filter)
                return error_set(reterr, ENOMEM, "make a filter of system calls");
        r = fill(filter, userdata);
        if (r >= 0)
                r = seccomp_load(filter);
        seccomp_release(filter);
        return r < 0 ? error_set(reterr, r, "load a filter of system calls") : 0;
}
