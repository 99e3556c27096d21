/* SPDX-License-Identifier: MIT */

#include "base/json.h"
#include "fuzz.h"

/* What is accepted is printed and read back as the same, and the tree holds no broken text. */
static void check_tree(const Json *json) {
        if (json_type(json) == JSON_STRING) {
                const char *s = json_string(json);

                for (size_t left = strlen(s), n; left > 0; s += n, left -= n) {
                        n = utf8_char_length(s, left);
                        FUZZ_CHECK(n > 0);
                }
        }
        if (json_type(json) == JSON_OBJECT)
                JSON_FOREACH (member, json)
                        FUZZ_CHECK(json_get(json, json_key(member)) == member);
        if (json_type(json) == JSON_OBJECT || json_type(json) == JSON_ARRAY)
                JSON_FOREACH (child, json)
                        check_tree(child);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_(json_freep) Json *json = NULL, *again = NULL;
        _cleanup_free_ char *text = NULL, *text_again = NULL;
        int r;

        /* json_get() is linear, and it is asked for every key. */
        if (size > 64 * 1024)
                return 0;
        r = json_parse((const char *) data, size, NULL, &json, &error);
        fuzz_check_result(r, &error);
        FUZZ_CHECK((r >= 0) == !!json);
        FUZZ_CHECK((json_parse((const char *) data, size, "name", &again, NULL) >= 0) == (r >= 0));
        if (r < 0)
                return 0;

        check_tree(json);
        json_freep(&again);
        again = NULL;
        text = json_print(json, size % 2);
        FUZZ_CHECK(json_parse(text, strlen(text), NULL, &again, NULL) >= 0);
        text_again = json_print(again, size % 2);
        FUZZ_CHECK(streq(text, text_again));
        return 0;
}
