/* SPDX-License-Identifier: MIT */

#include "fuzz.h"
#include "spec/volume.h"

static char *escape(const char *path) {
        char *escaped = xmalloc0(strlen(path) * 2 + 1), *end = escaped;

        for (const char *s = path; *s; s++) {
                if (*s == ':' || *s == '\\')
                        *end++ = '\\';
                *end++ = *s;
        }
        return escaped;
}

static void check_path(const char *path) {
        for (const char *s = path; *s; s++)
                FUZZ_CHECK((unsigned char) *s >= 0x20 && *s != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_(volume_done) Volume volume = {0}, again = {0};
        _cleanup_free_ char *text = fuzz_string(data, size), *source = NULL, *target = NULL, *parts = NULL,
                            *printed = NULL;
        int r;

        r = volume_parse(text, &volume, &error);
        fuzz_check_result(r, &error);
        if (r < 0) {
                FUZZ_CHECK(!volume.source && !volume.target);
                return 0;
        }
        check_path(volume.source);
        check_path(volume.target);
        FUZZ_CHECK(volume.source[0] && volume.target[0] == '/' && volume.target[1]);
        parts = xasprintf("%s/", volume.target);
        FUZZ_CHECK(!strstr(parts, "//") && !strstr(parts, "/./") && !strstr(parts, "/../"));
        FUZZ_CHECK((volume.owner == VOLUME_OWNER_CONTAINER) == (volume.source[0] == '@'));

        source = escape(volume.source);
        target = escape(volume.target);
        printed = xasprintf("%s:%s:%s", source, target, volume.read_only ? "ro" : "rw");
        FUZZ_CHECK(volume_parse(printed, &again, NULL) >= 0);
        FUZZ_CHECK(streq(volume.source, again.source) && streq(volume.target, again.target) &&
                   volume.read_only == again.read_only);
        return 0;
}
