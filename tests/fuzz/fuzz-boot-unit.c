/* SPDX-License-Identifier: MIT */

#include "fuzz.h"
#include "plan/boot-unit.h"
#include "spec/name.h"

/* What root has written into /etc, and others can read. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(boot_unit_done) BootUnit unit = {};
        _cleanup_free_ char *text = fuzz_string(data, size);

        if (!boot_unit_parse(text, strlen(text), &unit))
                return 0;
        FUZZ_CHECK(unit.checkout[0] != '\0' && !strchr(unit.checkout, '\n'));
        FUZZ_CHECK(unit.user[0] != '\0' && !strpbrk(unit.user, "\n "));
        STRV_FOREACH (name, unit.names)
                FUZZ_CHECK(name_check_container(*name, NULL) >= 0);
        return 0;
}
