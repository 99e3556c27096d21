/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "spec/debian.h"
#include "spec/oci.h"
#include "spec/path.h"
#include "spec/system.h"
#include "spec/value.h"

static const char *const store_words[_STORE_MODE_MAX] = {
        [STORE_ALL] = "all",
        [STORE_CLOSURE] = "closure",
};

static const JsonShape store_shape = JSON_ONE_OF_WORDS(store_words),
                       rootfs_shape = JSON_STRING_LIKE("^(?!~(/|$))(?!/+$)" PATH_CHARACTER_REGEX "+$"),
                       build_shape = JSON_STRING_LIKE("^" PATH_CHARACTER_REGEX "+$");

static int check_text(const char *text, Error *reterr) {
        if (!text[0])
                return error_raise(reterr, FC_EXIT_USAGE, "the text is empty");
        for (const char *s = text; *s; s++)
                if ((unsigned char) *s < 0x20 || *s == 0x7f)
                        return error_raise(reterr, FC_EXIT_USAGE,
                                           "'%.100s': the text must not contain control characters", text);
        return 0;
}

static int parse_rootfs(const Json *value, const char *path, void *target, Error *reterr) {
        ContainerSpec *c = target;
        int r;

        r = value_parse_string(value, path, path_check_host, &c->rootfs, reterr);
        if (r < 0)
                return r;
        if (c->rootfs[strspn(c->rootfs, "/")] == '\0')
                return error_raise(reterr, FC_EXIT_USAGE, "%s: '/' is the root of the host", path);
        return 0;
}

static int parse_init(const Json *value, const char *path, void *target, Error *reterr) {
        return value_parse_string(value, path, path_check_inside, &((ContainerSpec *) target)->init, reterr);
}

static int parse_build(const Json *value, const char *path, void *target, Error *reterr) {
        return value_parse_string(value, path, check_text, &((ContainerSpec *) target)->build, reterr);
}

static int parse_toplevel(const Json *value, const char *path, void *target, Error *reterr) {
        return value_parse_string(value, path, path_check_store_path, &((ContainerSpec *) target)->toplevel,
                                  reterr);
}

static int parse_closure(const Json *value, const char *path, void *target, Error *reterr) {
        return value_parse_string(value, path, path_check_inside, &((ContainerSpec *) target)->closure,
                                  reterr);
}

/* Only the store is there when the container starts. */
static int check_in_store(const char *path, const char *key, const char *value, const char *store,
                          Error *reterr) {
        if (!value || (path_is_within(value, store) && !streq(value, store)))
                return 0;
        return error_raise(reterr, FC_EXIT_USAGE, "%s.%s: '%.100s' is not in the store '%.100s'", path, key,
                           value, store);
}

static int check_toplevel(const ContainerSpec *c, const char *path, Error *reterr) {
        _cleanup_free_ char *store = NULL;
        int r;

        if (c->build)
                return error_raise(reterr, FC_EXIT_USAGE, "%s: 'build' and 'toplevel' exclude each other",
                                   path);
        store = container_spec_store(c);
        r = check_in_store(path, "init", c->init, store, reterr);
        return r < 0 ? r : check_in_store(path, "closure", c->closure, store, reterr);
}

static const JsonField system_fields[] = {
        {"rootfs", parse_rootfs, .shape = &rootfs_shape},
        {"toplevel", parse_toplevel, .shape = &store_path_shape},
        {"init", parse_init, .shape = &inside_path_shape},
        {"build", parse_build, .shape = &build_shape},
        {"closure", parse_closure, .shape = &inside_path_shape},
        {"debian", debian_parse, .shape = &debian_shape},
        {"oci", oci_parse, .shape = &oci_shape},
};

static const JsonShape system_shape = {
        .kind = JSON_SHAPE_OBJECT,
        .fields = system_fields,
        .n_fields = ELEMENTSOF(system_fields),
        .one_of = (const char *const[]){"rootfs", "toplevel", "debian", "oci", NULL},
};

/* Of those of which one is mandatory and two are too many. */
static int check_one_system(const ContainerSpec *c, const char *path, Error *reterr) {
        const struct {
                const char *key;
                bool given;
        } kinds[] = {
                {"rootfs", c->rootfs != NULL},
                {"debian", c->debian != NULL},
                {"oci", c->oci != NULL},
                {"toplevel", c->toplevel != NULL},
        };
        const char *first = NULL;

        for (size_t i = 0; i < ELEMENTSOF(kinds); i++) {
                if (!kinds[i].given)
                        continue;
                if (first)
                        return error_raise(reterr, FC_EXIT_USAGE, "%s: '%s' and '%s' exclude each other",
                                           path, first, kinds[i].key);
                first = kinds[i].key;
        }
        return first ? 0
                     : error_raise(reterr, FC_EXIT_USAGE,
                                   "%s: 'rootfs', 'toplevel', 'debian' or 'oci' is missing", path);
}

static int parse_system(const Json *value, const char *path, void *target, Error *reterr) {
        const ContainerSpec *c = target;
        int r;

        r = json_dispatch(value, path, system_fields, ELEMENTSOF(system_fields), target, reterr);
        if (r >= 0)
                r = check_one_system(c, path, reterr);
        if (r < 0)
                return r;
        if (c->toplevel)
                return check_toplevel(c, path, reterr);
        if (c->build && !c->rootfs)
                return error_raise(reterr, FC_EXIT_USAGE, "%s: 'build' and '%s' exclude each other", path,
                                   c->debian ? "debian" : "oci");
        if (c->closure)
                return error_raise(reterr, FC_EXIT_USAGE, "%s.closure: only with 'toplevel'", path);
        return 0;
}

static Json *print_system(const ContainerSpec *c) {
        Json *json = json_new_object();

        json_add_string(json, "rootfs", c->rootfs);
        json_add_string(json, "toplevel", c->toplevel);
        if (c->debian)
                json_add(json, "debian", debian_print(c->debian));
        if (c->oci)
                json_add(json, "oci", oci_print(c->oci));
        json_add_string(json, "init", c->init);
        json_add_string(json, "build", c->build);
        json_add_string(json, "closure", c->closure);
        return json;
}

const SpecKey system_key = {
        .name = "system",
        .shape = &system_shape,
        .mandatory = true,
        .parse = parse_system,
        .print = print_system,
};

static int parse_store(const Json *value, const char *path, void *target, Error *reterr) {
        ContainerSpec *c = target;
        int r = value_parse_enum(value, path, store_words, ELEMENTSOF(store_words), reterr);

        if (r < 0)
                return r;
        c->store = (StoreMode) r;
        c->store_given = true;
        return 0;
}

static Json *print_store(const ContainerSpec *c) {
        return c->toplevel ? json_new_string(store_words[c->store]) : NULL;
}

static int check_store(const ContainerSpec *c, Error *reterr) {
        if (c->store_given && !c->toplevel)
                return error_raise(reterr, FC_EXIT_USAGE, "containers.%s.store: only with 'system.toplevel'",
                                   c->name);
        if (c->store == STORE_CLOSURE && !c->closure)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "containers.%s.store: 'closure' needs 'system.closure'", c->name);
        return 0;
}

const SpecKey store_key = {
        .name = "store",
        .shape = &store_shape,
        .parse = parse_store,
        .print = print_store,
        .check = check_store,
};
