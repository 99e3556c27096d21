/* SPDX-License-Identifier: MIT */

#include <ctype.h>

#include "fuzz.h"
#include "logs/log-filter.h"

static void check_boot(const char *text) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        LogBoot boot = {.kind = LOG_BOOT_ANY, .offset = 77}, again = {};
        int r = log_boot_parse(text, &boot, &error);

        fuzz_check_result(r, &error);
        if (r < 0) {
                FUZZ_CHECK(boot.offset == 77);
                return;
        }
        if (boot.kind == LOG_BOOT_ID) {
                FUZZ_CHECK(strlen(boot.id) == 32);
                for (const char *p = boot.id; *p; p++)
                        FUZZ_CHECK(isdigit((unsigned char) *p) || (*p >= 'a' && *p <= 'f'));
                FUZZ_CHECK(log_boot_parse(boot.id, &again, NULL) >= 0 && streq(again.id, boot.id));
        }
        FUZZ_CHECK(boot.offset > -1000000000 && boot.offset < 1000000000);
}

/* The words of `logs` that choose lines. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(error_done) Error priority_error = ERROR_NULL, unit_error = ERROR_NULL,
                                    lines_error = ERROR_NULL, pattern_error = ERROR_NULL,
                                    case_error = ERROR_NULL, match_error = ERROR_NULL;
        LogCase what = LOG_CASE_AUTO;
        _cleanup_free_ char *text = fuzz_string(data, size), *unit = NULL, *again = NULL;
        _cleanup_(log_pattern_freep) LogPattern *pattern = NULL;
        unsigned first = 0, last = 0;
        uint64_t lines;
        int r;

        check_boot(text);
        r = log_priority_parse(text, &first, &last, &priority_error);
        fuzz_check_result(r, &priority_error);
        FUZZ_CHECK(first <= last && last <= 7);
        r = log_unit_name(text, &unit, &unit_error);
        fuzz_check_result(r, &unit_error);
        if (r >= 0)
                FUZZ_CHECK(log_unit_name(unit, &again, NULL) >= 0 && streq(unit, again));
        fuzz_check_result(log_lines_parse(text, &lines, &lines_error), &lines_error);
        r = log_case_parse(text, &what, &case_error);
        fuzz_check_result(r, &case_error);
        r = log_pattern_new(text, what, &pattern, &pattern_error);
        fuzz_check_result(r, &pattern_error);
        if (r >= 0) {
                r = log_pattern_match(pattern, text, strlen(text), &match_error);
                fuzz_check_result(r, &match_error);
        }
        return 0;
}
