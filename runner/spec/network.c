/* SPDX-License-Identifier: MIT */

#include "spec/network.h"
#include "spec/value.h"

static const char *const mode_words[_NETWORK_MODE_MAX] = {
        [NETWORK_PRIVATE] = "private",
        [NETWORK_HOST] = "host",
        [NETWORK_NONE] = "none",
};

static int parse_mode(const Json *value, const char *path, void *target, Error *reterr) {
        int r = value_parse_enum(value, path, mode_words, ELEMENTSOF(mode_words), reterr);

        if (r < 0)
                return r;
        ((ContainerSpec *) target)->network = (NetworkMode) r;
        return 0;
}

static int parse_network(const Json *value, const char *path, void *target, Error *reterr) {
        static const JsonField fields[] = {
                {"mode", parse_mode},
                {"internet", NULL},
                {"address", NULL},
        };

        return json_dispatch(value, path, fields, ELEMENTSOF(fields), target, reterr);
}

static Json *print_network(const ContainerSpec *c) {
        Json *json = json_new_object();

        json_add_string(json, "mode", mode_words[c->network]);
        return json;
}

const SpecKey network_key = {
        .name = "network",
        .parse = parse_network,
        .print = print_network,
};
