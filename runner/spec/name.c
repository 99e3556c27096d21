/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "spec/name.h"

int name_check(const char *name, const char *what, Error *reterr) {
        size_t n = strlen(name);

        if (n == 0)
                return error_raise(reterr, FC_EXIT_USAGE, "the name of the %s is empty", what);
        if (n <= NAME_LENGTH_MAX && name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0' &&
            name[0] != '-' && name[n - 1] != '-')
                return 0;
        return error_raise(
                reterr, FC_EXIT_USAGE,
                "'%.100s' cannot name a %s: allowed are 1 to %d of a-z, 0-9 and '-', without '-' at "
                "either end",
                name, what, NAME_LENGTH_MAX);
}
