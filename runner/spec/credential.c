/* SPDX-License-Identifier: MIT */

#include <limits.h>
#include <string.h>

#include "base/alloc.h"
#include "spec/credential.h"
#include "spec/path.h"
#include "spec/value.h"

int credential_check_id(const char *id, Error *reterr) {
        size_t n = strlen(id);
        bool good = n > 0 && n <= NAME_MAX && !streq(id, ".") && !streq(id, "..");

        for (const char *s = id; *s; s++)
                /* A backslash would escape in the argument of --load-credential=. */
                good = good && *s > 0x20 && *s < 0x7f && *s != ':' && *s != '/' && *s != '\\';
        if (good)
                return 0;
        return error_raise(
                reterr, FC_EXIT_USAGE,
                "'%.100s' cannot name a credential: allowed are 1 to 255 printable ASCII characters "
                "without space, ':', '/' and '\\'",
                id);
}

static int parse_credential(const Json *value, const char *path, void *ret, Error *reterr) {
        Credential *credential = ret;
        int r;

        r = credential_check_id(json_key(value), reterr);
        if (r < 0)
                return error_prefix(reterr, r, "%s", path);
        credential->id = xstrdup(json_key(value));
        return value_parse_string(value, path, path_check_host, &credential->path, reterr);
}

static int parse_credentials(const Json *value, const char *path, void *target, Error *reterr) {
        ContainerSpec *c = target;

        return VALUE_PARSE_ELEMENTS(value, path, JSON_OBJECT, parse_credential, &c->credentials,
                                    &c->n_credentials, reterr);
}

static Json *print_credentials(const ContainerSpec *c) {
        Json *json = json_new_object();

        for (size_t i = 0; i < c->n_credentials; i++)
                json_add_string(json, c->credentials[i].id, c->credentials[i].path);
        return json;
}

const SpecKey credentials_key = {
        .name = "credentials",
        .parse = parse_credentials,
        .print = print_credentials,
};
