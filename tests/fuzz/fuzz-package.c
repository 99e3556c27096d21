/* SPDX-License-Identifier: MIT */

#include "base/package.h"
#include "fuzz.h"

/* The text of os-release(5). */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = xmalloc0(size + 1), *hint = NULL;

        memcpy(text, data, size);
        hint = package_hint(text, "uidmap");
        FUZZ_CHECK(*hint && !strchr(hint, '\n'));
        return 0;
}
