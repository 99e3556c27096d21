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

static int parse_internet(const Json *value, const char *path, void *target, Error *reterr) {
        return value_parse_bool(value, path, &((ContainerSpec *) target)->internet, reterr);
}

static int parse_network(const Json *value, const char *path, void *target, Error *reterr) {
        static const JsonField fields[] = {
                {"mode", parse_mode},
                {"internet", parse_internet},
                {"address", NULL},
        };

        return json_dispatch(value, path, fields, ELEMENTSOF(fields), target, reterr);
}

static Json *print_network(const ContainerSpec *c) {
        Json *json = json_new_object();

        json_add_string(json, "mode", mode_words[c->network]);
        if (c->network == NETWORK_PRIVATE)
                json_add_bool(json, "internet", c->internet);
        return json;
}

static int check_network(const ContainerSpec *c, Error *reterr) {
        if (!c->internet || c->network == NETWORK_PRIVATE)
                return 0;
        return error_raise(
                reterr, FC_EXIT_USAGE,
                "containers.%s.network.internet: only with network.mode 'private', here it is '%s'", c->name,
                mode_words[c->network]);
}

const SpecKey network_key = {
        .name = "network",
        .parse = parse_network,
        .print = print_network,
        .check = check_network,
};
