/* SPDX-License-Identifier: MIT */

#include "base/capability.h"
#include "spec/rights.h"
#include "spec/value.h"

static const char *const users_words[_USERS_MODE_MAX] = {
        [USERS_PRIVATE] = "private",
        [USERS_HOST] = "host",
};

static const JsonShape users_shape = JSON_ONE_OF_WORDS(users_words),
                       capability_shape =
                               {
                                       .kind = JSON_SHAPE_STRING,
                                       .words = capability_words,
                                       .n_words = N_CAPABILITIES,
},
                       capability_list_shape = JSON_ARRAY_OF(capability_shape);

static int parse_users(const Json *value, const char *path, void *target, Error *reterr) {
        int r = value_parse_enum(value, path, users_words, ELEMENTSOF(users_words), reterr);

        if (r < 0)
                return r;
        ((ContainerSpec *) target)->users = (UsersMode) r;
        return 0;
}

static Json *print_users(const ContainerSpec *c) {
        return json_new_string(users_words[c->users]);
}

const SpecKey users_key = {
        .name = "users",
        .shape = &users_shape,
        .parse = parse_users,
        .print = print_users,
};

static int capability_check_name(const char *name, Error *reterr) {
        unsigned number;

        return capability_from_string(name, &number, reterr);
}

static int parse_add(const Json *value, const char *path, void *target, Error *reterr) {
        return value_parse_strv(value, path, capability_check_name,
                                &((ContainerSpec *) target)->capabilities_add, reterr);
}

static int parse_drop(const Json *value, const char *path, void *target, Error *reterr) {
        return value_parse_strv(value, path, capability_check_name,
                                &((ContainerSpec *) target)->capabilities_drop, reterr);
}

static const JsonField capabilities_fields[] = {
        {"add", parse_add, .shape = &capability_list_shape},
        {"drop", parse_drop, .shape = &capability_list_shape},
};

static const JsonShape capabilities_shape = JSON_OBJECT_OF(capabilities_fields);

static int parse_capabilities(const Json *value, const char *path, void *target, Error *reterr) {
        return json_dispatch(value, path, capabilities_fields, ELEMENTSOF(capabilities_fields), target,
                             reterr);
}

static Json *print_capabilities(const ContainerSpec *c) {
        Json *json = json_new_object();

        json_add_strv(json, "add", c->capabilities_add);
        json_add_strv(json, "drop", c->capabilities_drop);
        return json;
}

static int check_list(const ContainerSpec *c, const char *key, char *const *names, uint64_t *seen,
                      Error *reterr) {
        STRV_FOREACH (name, names) {
                unsigned number = 0;
                int r;

                r = capability_from_string(*name, &number, reterr);
                if (r < 0)
                        return r;
                if (*seen & (UINT64_C(1) << number))
                        return error_raise(reterr, FC_EXIT_USAGE,
                                           "containers.%s.capabilities.%s[%zu]: %s is named already",
                                           c->name, key, (size_t) (name - names), *name);
                *seen |= UINT64_C(1) << number;
        }
        return 0;
}

static int check_capabilities(const ContainerSpec *c, Error *reterr) {
        uint64_t seen = 0;
        int r = check_list(c, "add", c->capabilities_add, &seen, reterr);

        return r < 0 ? r : check_list(c, "drop", c->capabilities_drop, &seen, reterr);
}

const SpecKey capabilities_key = {
        .name = "capabilities",
        .shape = &capabilities_shape,
        .parse = parse_capabilities,
        .print = print_capabilities,
        .check = check_capabilities,
};
