/* SPDX-License-Identifier: MIT */

#include "spec/stop.h"
#include "spec/value.h"

static int parse_timeout(const Json *value, const char *path, void *target, Error *reterr) {
        return value_parse_timeout(value, path, &((ContainerSpec *) target)->stop_timeout_usec, reterr);
}

static int parse_stop(const Json *value, const char *path, void *target, Error *reterr) {
        static const JsonField fields[] = {
                {"timeout", parse_timeout},
        };

        return json_dispatch(value, path, fields, ELEMENTSOF(fields), target, reterr);
}

static Json *print_stop(const ContainerSpec *c) {
        Json *json = json_new_object();

        json_add_uint(json, "timeout", c->stop_timeout_usec / USEC_PER_SEC);
        return json;
}

const SpecKey stop_key = {
        .name = "stop",
        .parse = parse_stop,
        .print = print_stop,
};
