/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "spec/path.h"
#include "spec/resource.h"
#include "spec/short-form.h"
#include "spec/tmpfs.h"
#include "spec/value.h"

#define TMPFS_FORM       "TARGET[:size=SIZE][,mode=MODE]"
#define TMPFS_FIELDS_MAX 2

#define OPTION_REGEX "(size=[1-9][0-9]*[KMGT%]?|mode=[0-7]{3,4})"

static const JsonShape file_mode_shape = JSON_STRING_LIKE("^[0-7]{3,4}$"),
                       tmpfs_text_shape = JSON_STRING_LIKE("^" SHORT_FORM_INSIDE_REGEX "(:" OPTION_REGEX
                                                           "(," OPTION_REGEX ")?)?$");

/* Three or four octal digits, so that it is seen which ones they are. A number of JSON would be decimal. */
static int tmpfs_parse_mode(const char *text, Tmpfs *tmpfs, Error *reterr) {
        size_t n = strlen(text);
        mode_t mode = 0;

        if (n < 3 || n > 4 || strspn(text, "01234567") != n)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "'%.100s': a mode is three or four octal digits such as '1777'", text);
        for (const char *s = text; *s; s++)
                mode = mode * 8 + (mode_t) (*s - '0');
        tmpfs->mode = mode;
        tmpfs->mode_given = true;
        return 0;
}

static int tmpfs_parse_size(const char *text, Tmpfs *tmpfs, Error *reterr) {
        return resource_parse_memory(text, &tmpfs->size, reterr);
}

static int parse_option(const char *name, const char *value, Tmpfs *tmpfs, Error *reterr) {
        bool is_size = streq(name, "size");

        if (!is_size && !streq(name, "mode"))
                return error_raise(reterr, FC_EXIT_USAGE, "'%.100s' must be one of size=SIZE, mode=MODE",
                                   name);
        if (is_size ? tmpfs->size != NULL : tmpfs->mode_given)
                return error_raise(reterr, FC_EXIT_USAGE, "'%.100s' is given twice", name);
        if (!value)
                return error_raise(reterr, FC_EXIT_USAGE, "'%.100s' has no value, write '%.100s=...'", name,
                                   name);
        return is_size ? tmpfs_parse_size(value, tmpfs, reterr) : tmpfs_parse_mode(value, tmpfs, reterr);
}

static int parse_options(char *options, Tmpfs *tmpfs, Error *reterr) {
        for (char *option = options, *next; option; option = next) {
                char *value;
                int r;

                next = strchr(option, ',');
                if (next)
                        *next++ = '\0';
                value = strchr(option, '=');
                if (value)
                        *value++ = '\0';
                r = parse_option(option, value, tmpfs, reterr);
                if (r < 0)
                        return r;
        }
        return 0;
}

int tmpfs_parse(const char *text, Tmpfs *ret, Error *reterr) {
        _cleanup_(tmpfs_done) Tmpfs tmpfs = {};
        _cleanup_free_ char *options = NULL;
        char *fields[TMPFS_FIELDS_MAX] = {NULL};
        int r;

        r = short_form_split(text, TMPFS_FORM, TMPFS_FIELDS_MAX, fields, reterr);
        if (r < 0)
                return r;
        tmpfs.target = fields[0];
        options = fields[1];
        r = path_check_mount_point(tmpfs.target, reterr);
        if (r < 0)
                return r;
        r = options ? parse_options(options, &tmpfs, reterr) : 0;
        if (r < 0)
                return error_prefix(reterr, r, "'%.100s'", text);
        *ret = tmpfs;
        tmpfs = (Tmpfs){};
        return 0;
}

static int parse_target_key(const Json *value, const char *path, void *target, Error *reterr) {
        return value_parse_string(value, path, path_check_mount_point, &((Tmpfs *) target)->target, reterr);
}

static int parse_size_key(const Json *value, const char *path, void *target, Error *reterr) {
        return resource_parse_memory_value(value, path, &((Tmpfs *) target)->size, reterr);
}

static int parse_mode_key(const Json *value, const char *path, void *target, Error *reterr) {
        int r;

        r = json_expect(value, JSON_STRING, path, reterr);
        if (r < 0)
                return r;
        r = tmpfs_parse_mode(json_string(value), target, reterr);
        return r < 0 ? error_prefix(reterr, r, "%s", path) : 0;
}

static const JsonField tmpfs_fields[] = {
        {"target", parse_target_key, .mandatory = true, .shape = &mount_point_shape},
        {"size", parse_size_key, .shape = &memory_shape},
        {"mode", parse_mode_key, .shape = &file_mode_shape},
};

static const JsonShape tmpfs_object_shape = JSON_OBJECT_OF(tmpfs_fields),
                       one_tmpfs_shape = JSON_EITHER_OF(&tmpfs_text_shape, &tmpfs_object_shape),
                       tmpfs_shape = JSON_ARRAY_OF(one_tmpfs_shape);

static int parse_one(const Json *value, const char *path, void *ret, Error *reterr) {
        int r;

        if (json_type(value) != JSON_STRING)
                return value_parse_long_form(value, path, tmpfs_fields, ELEMENTSOF(tmpfs_fields), ret,
                                             reterr);
        r = tmpfs_parse(json_string(value), ret, reterr);
        return r < 0 ? error_prefix(reterr, r, "%s", path) : 0;
}

static int parse_tmpfs(const Json *value, const char *path, void *target, Error *reterr) {
        ContainerSpec *c = target;

        return VALUE_PARSE_ELEMENTS(value, path, JSON_ARRAY, parse_one, &c->tmpfs, &c->n_tmpfs, reterr);
}

static Json *print_tmpfs(const ContainerSpec *c) {
        Json *json = json_new_array();

        for (size_t i = 0; i < c->n_tmpfs; i++) {
                const Tmpfs *tmpfs = &c->tmpfs[i];
                _cleanup_free_ char *mode = tmpfs->mode_given ? xasprintf("%04o", tmpfs->mode) : NULL;
                Json *one = json_new_object();

                json_add_string(one, "target", tmpfs->target);
                json_add_string(one, "size", tmpfs->size);
                json_add_string(one, "mode", mode);
                json_append(json, one);
        }
        return json;
}

const SpecKey tmpfs_key = {
        .name = "tmpfs",
        .shape = &tmpfs_shape,
        .parse = parse_tmpfs,
        .print = print_tmpfs,
};
