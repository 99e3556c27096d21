/* SPDX-License-Identifier: MIT */

/* Reads specifications, one a line, and says of each whether the runner takes it: "ok", or what is wrong
 * with it. */

#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "spec/spec-parse.h"

int main(void) {
        _cleanup_free_ char *line = NULL;
        size_t size = 0;
        ssize_t n;

        while ((n = getline(&line, &size, stdin)) > 0) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                _cleanup_(spec_freep) Spec *spec = NULL;

                if (spec_parse(line, (size_t) n, &spec, &error) < 0)
                        (void) printf("%s\n", error.message);
                else
                        (void) puts("ok");
        }
        return EXIT_SUCCESS;
}
