/* SPDX-License-Identifier: MIT */

#include "fuzz.h"
#include "spec/device.h"

/* The input is PERMISSIONS:PATH. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *text = fuzz_string(data, size), *permissions = NULL, *again = NULL,
                            *parts = NULL;
        char *path = strchr(text, ':');
        int r;

        if (!path)
                return 0;
        *path++ = '\0';
        r = device_parse_permissions(text, &permissions, &error);
        fuzz_check_result(r, &error);
        if (r >= 0) {
                FUZZ_CHECK(strlen(permissions) == strlen(text) && strpbrk(permissions, "rw"));
                FUZZ_CHECK(device_parse_permissions(permissions, &again, NULL) >= 0);
                FUZZ_CHECK(streq(permissions, again));
        }
        error_done(&error);
        r = device_check_path(path, &error);
        fuzz_check_result(r, &error);
        if (r < 0)
                return 0;
        parts = xasprintf("%s/", path);
        FUZZ_CHECK(startswith(path, "/dev/") && path[strlen("/dev/")]);
        FUZZ_CHECK(!strstr(parts, "//") && !strstr(parts, "/./") && !strstr(parts, "/../"));
        return 0;
}
