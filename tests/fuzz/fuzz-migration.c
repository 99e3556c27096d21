/* SPDX-License-Identifier: MIT */

#include "fuzz.h"
#include "project/migration.h"

/* What it is taken for is what it says, byte for byte. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = fuzz_string(data, size), *printed = NULL;
        Migration m;

        if (!migration_parse(text, &m))
                return 0;
        FUZZ_CHECK(m.pass < MIGRATION_PASSES && (m.changing || m.pass == 0));
        printed = migration_print(&m);
        FUZZ_CHECK(streq(printed, text));
        return 0;
}
