/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "base/unit-name.h"
#include "spec/name.h"

/* For the schema, of what the functions below take. */
#define NAME_REGEX "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"

const JsonShape name_shape = JSON_STRING_LIKE("^" NAME_REGEX);
const JsonShape container_name_shape = JSON_STRING_LIKE("^(?!(volumes|snapshots)$)" NAME_REGEX);
const JsonShape unit_name_shape = JSON_STRING_LIKE("^(?!@)[A-Za-z0-9:_.\\\\@-]+\\.[a-z]+$");

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

int name_check_container(const char *name, Error *reterr) {
        if (streq(name, "volumes") || streq(name, "snapshots"))
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "'%s' cannot name a container: it is a directory of .containers/", name);
        return name_check(name, "container", reterr);
}

int unit_name_check(const char *name, Error *reterr) {
        const char *at = strchr(name, '@');

        if (!name[0])
                return error_raise(reterr, FC_EXIT_USAGE, "the name of the unit is empty");
        if (strlen(name) > UNIT_NAME_MAX || name[strspn(name, UNIT_NAME_CHARACTERS)] != '\0' ||
            name[0] == '@')
                return error_raise(reterr, FC_EXIT_USAGE, "'%.100s' cannot name a unit", name);
        if (!unit_name_has_type(name))
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "'%.100s' does not end in the type of a unit, as '%.100s.service' does",
                                   name, name);
        if (at && strrchr(name, '.') == at + 1)
                return error_raise(reterr, FC_EXIT_USAGE, "'%.100s' is a template, not a unit", name);
        return 0;
}
