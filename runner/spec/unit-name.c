/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "spec/unit-name.h"

#define UNIT_NAME_CHARACTERS                                                                                \
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"                                    \
        ":-_.\\@"

static bool has_kind(const char *name) {
        static const char *const kinds[] = {
                ".service", ".socket", ".target", ".mount", ".automount", ".path",
                ".timer",   ".device", ".swap",   ".slice", ".scope",
        };
        const char *dot = strrchr(name, '.');

        for (size_t i = 0; dot && dot != name && i < ELEMENTSOF(kinds); i++)
                if (streq(dot, kinds[i]))
                        return true;
        return false;
}

int unit_name_check(const char *name, Error *reterr) {
        const char *at = strchr(name, '@');

        if (!name[0])
                return error_raise(reterr, FC_EXIT_USAGE, "the name of the unit is empty");
        if (strlen(name) > UNIT_NAME_LENGTH_MAX || name[strspn(name, UNIT_NAME_CHARACTERS)] != '\0' ||
            name[0] == '@')
                return error_raise(reterr, FC_EXIT_USAGE, "'%.100s' cannot name a unit", name);
        if (!has_kind(name))
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "'%.100s' names no kind of unit, as '%.100s.service' does", name, name);
        if (at && strrchr(name, '.') == at + 1)
                return error_raise(reterr, FC_EXIT_USAGE, "'%.100s' is a template, not a unit", name);
        return 0;
}
