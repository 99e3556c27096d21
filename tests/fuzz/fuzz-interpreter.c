/* SPDX-License-Identifier: MIT */

#include "enter/program.h"
#include "fuzz.h"

/* The first bytes of a program in a container. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *path = interpreter_parse((const char *) data, size);

        if (path) {
                FUZZ_CHECK(path[0] == '/' && strlen(path) < INTERPRETER_HEADER_MAX);
                FUZZ_CHECK(path[strcspn(path, " \t\r\n")] == '\0');
        }
        return 0;
}
