/* SPDX-License-Identifier: MIT */

#include <limits.h>
#include <string.h>

#include "base/alloc.h"
#include "spec/argument.h"
#include "spec/credential.h"
#include "spec/env.h"
#include "spec/path.h"
#include "spec/value.h"

#define RESERVED "flake-containers."

int credential_check_id(const char *id, Error *reterr) {
        size_t n = strlen(id);
        bool good = n > 0 && n <= NAME_MAX && !streq(id, ".") && !streq(id, "..");

        for (const char *s = id; *s; s++)
                /* A backslash would escape in the argument of --load-credential=. */
                good = good && *s > 0x20 && *s < 0x7f && *s != ':' && *s != '/' && *s != '\\';
        if (good && startswith(id, RESERVED))
                return error_raise(
                        reterr, FC_EXIT_USAGE,
                        "'%.100s' cannot name a credential: what begins with '" RESERVED "' is ours", id);
        if (good)
                return 0;
        return error_raise(
                reterr, FC_EXIT_USAGE,
                "'%.100s' cannot name a credential: allowed are 1 to 255 printable ASCII characters "
                "without space, ':', '/' and '\\'",
                id);
}

static int parse_file(const Json *value, const char *path, void *target, Error *reterr) {
        return value_parse_string(value, path, path_check_host, &((Credential *) target)->path, reterr);
}

static int parse_variable(const Json *value, const char *path, void *target, Error *reterr) {
        return value_parse_string(value, path, env_check_name, &((Credential *) target)->variable, reterr);
}

static int parse_credential_command(const Json *value, const char *path, void *target, Error *reterr) {
        return argument_parse_command(value, path, &((Credential *) target)->command, reterr);
}

static const JsonField credential_fields[] = {
        {"file", parse_file, .shape = &host_path_shape},
        {"environment", parse_variable, .shape = &variable_name_shape},
        {"command", parse_credential_command, .shape = &command_shape},
};

static const JsonShape credential_object_shape = {
        .kind = JSON_SHAPE_OBJECT,
        .fields = credential_fields,
        .n_fields = ELEMENTSOF(credential_fields),
        .one_of = (const char *const[]){"file", "environment", "command", NULL},
};
static const JsonShape credential_shape = JSON_EITHER_OF(&host_path_shape, &credential_object_shape),
                       credential_id_shape = JSON_STRING_LIKE(
                               "^(?!flake-containers\\.)(?!\\.{1,2}$)[!-.0-9;-\\[\\]-~]{1,255}$"),
                       credentials_shape = JSON_MAP_OF(credential_id_shape, credential_shape);

static int parse_credential(const Json *value, const char *path, void *ret, Error *reterr) {
        Credential *credential = ret;
        int r;

        r = credential_check_id(json_key(value), reterr);
        if (r < 0)
                return error_prefix(reterr, r, "%s", path);
        credential->id = xstrdup(json_key(value));
        if (json_type(value) == JSON_STRING)
                return parse_file(value, path, credential, reterr);
        return json_dispatch_shape(value, path, &credential_object_shape, credential, reterr);
}

static int parse_credentials(const Json *value, const char *path, void *target, Error *reterr) {
        ContainerSpec *c = target;

        return VALUE_PARSE_ELEMENTS(value, path, JSON_OBJECT, parse_credential, &c->credentials,
                                    &c->n_credentials, reterr);
}

static Json *print_credentials(const ContainerSpec *c) {
        Json *json = json_new_object();

        for (size_t i = 0; i < c->n_credentials; i++) {
                const Credential *credential = &c->credentials[i];
                Json *object;

                if (credential->path) {
                        json_add_string(json, credential->id, credential->path);
                        continue;
                }
                object = json_new_object();
                json_add_string(object, "environment", credential->variable);
                if (credential->command)
                        json_add_strv(object, "command", credential->command);
                json_add(json, credential->id, object);
        }
        return json;
}

const SpecKey credentials_key = {
        .name = "credentials",
        .shape = &credentials_shape,
        .parse = parse_credentials,
        .print = print_credentials,
};
