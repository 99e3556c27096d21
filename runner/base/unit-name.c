/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "base/unit-name.h"

bool unit_name_has_type(const char *name) {
        static const char *const types[] = {
                ".service", ".socket", ".target", ".timer", ".mount",  ".automount",
                ".path",    ".slice",  ".scope",  ".swap",  ".device",
        };
        const char *dot = strrchr(name, '.');

        for (size_t i = 0; dot && dot != name && i < ELEMENTSOF(types); i++)
                if (streq(dot, types[i]))
                        return true;
        return false;
}
