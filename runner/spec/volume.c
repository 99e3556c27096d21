/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "spec/name.h"
#include "spec/path.h"
#include "spec/volume.h"

#define FIELDS_MAX 3

int volume_check_source(const char *source, Error *reterr) {
        int r;

        if (source[0] == '@') {
                r = name_check(source + 1, "volume", reterr);
                if (r < 0)
                        error_add_hint(reterr, "a directory of that name is written './%.100s'", source);
                return r;
        }
        return path_check_host(source, reterr);
}

VolumeOwner volume_default_owner(const char *source) {
        return source[0] == '@' ? VOLUME_OWNER_CONTAINER : VOLUME_OWNER_USER;
}

/* Return: the number of fields. Each is filled only on success and owned by the caller. */
static int split(const char *text, char *ret_fields[FIELDS_MAX], Error *reterr) {
        _cleanup_free_ char *copy = xstrdup(text);
        char *starts[FIELDS_MAX] = {copy}, *end = copy;
        int n = 1;

        for (const char *s = text; *s; s++) {
                if (*s == ':') {
                        if (n == FIELDS_MAX)
                                return error_raise(
                                        reterr, FC_EXIT_USAGE,
                                        "'%.100s': expected SOURCE:TARGET[:ro|:rw], a ':' in a path "
                                        "is written '\\:'",
                                        text);
                        *end++ = '\0';
                        starts[n++] = end;
                        continue;
                }
                if (*s == '\\') {
                        s++;
                        if (*s != ':' && *s != '\\')
                                return error_raise(reterr, FC_EXIT_USAGE,
                                                   "'%.100s': a '\\' in a path is written '\\\\'", text);
                }
                *end++ = *s;
        }
        *end = '\0';
        for (int i = 0; i < n; i++)
                ret_fields[i] = xstrdup(starts[i]);
        return n;
}

int volume_parse(const char *text, Volume *ret, Error *reterr) {
        _cleanup_free_ char *source = NULL, *target = NULL, *mode = NULL;
        char *fields[FIELDS_MAX] = {NULL};
        int r;

        r = split(text, fields, reterr);
        if (r < 0)
                return r;
        source = fields[0];
        target = fields[1];
        mode = fields[2];
        if (!target)
                return error_raise(reterr, FC_EXIT_USAGE, "'%.100s': expected SOURCE:TARGET[:ro|:rw]", text);
        if (mode && !streq(mode, "ro") && !streq(mode, "rw"))
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "'%.100s': behind the target stands 'ro' or 'rw', not '%.100s'", text,
                                   mode);

        r = volume_check_source(source, reterr);
        if (r < 0)
                return error_prefix(reterr, r, "source");
        r = path_check_mount_point(target, reterr);
        if (r < 0)
                return error_prefix(reterr, r, "target");
        *ret = (Volume){
                .source = TAKE_PTR(source),
                .target = TAKE_PTR(target),
                .read_only = mode && streq(mode, "ro"),
        };
        ret->owner = volume_default_owner(ret->source);
        return 0;
}
