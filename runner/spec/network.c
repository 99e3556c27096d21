/* SPDX-License-Identifier: MIT */

#include "spec/network.h"
#include "spec/port.h"
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

static int parse_host_port(const Json *value, const char *path, void *ret, Error *reterr) {
        return value_parse_port(value, path, ret, reterr);
}

static int parse_host_access(const Json *value, const char *path, void *target, Error *reterr) {
        ContainerSpec *c = target;

        return VALUE_PARSE_ELEMENTS(value, path, JSON_ARRAY, parse_host_port, &c->host_access,
                                    &c->n_host_access, reterr);
}

static int parse_network(const Json *value, const char *path, void *target, Error *reterr) {
        static const JsonField fields[] = {
                {"mode", parse_mode},
                {"internet", parse_internet},
                {"hostAccess", parse_host_access},
                {"address", NULL},
        };

        return json_dispatch(value, path, fields, ELEMENTSOF(fields), target, reterr);
}

static Json *print_host_access(const ContainerSpec *c) {
        Json *json = json_new_array();

        for (size_t i = 0; i < c->n_host_access; i++)
                json_append_uint(json, c->host_access[i]);
        return json;
}

static Json *print_network(const ContainerSpec *c) {
        Json *json = json_new_object();

        json_add_string(json, "mode", mode_words[c->network]);
        if (c->network == NETWORK_PRIVATE) {
                json_add_bool(json, "internet", c->internet);
                json_add(json, "hostAccess", print_host_access(c));
        }
        return json;
}

static int check_private(const ContainerSpec *c, const char *key, bool given, Error *reterr) {
        if (!given || c->network == NETWORK_PRIVATE)
                return 0;
        return error_raise(reterr, FC_EXIT_USAGE,
                           "containers.%s.network.%s: only with network.mode 'private', here it is '%s'",
                           c->name, key, mode_words[c->network]);
}

static int check_host_access(const ContainerSpec *c, Error *reterr) {
        if (c->n_host_access > PORTS_MAX)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "containers.%s.network.hostAccess: at most %d ports, not %zu", c->name,
                                   PORTS_MAX, c->n_host_access);
        for (size_t i = 0; i < c->n_host_access; i++)
                for (size_t k = 0; k < i; k++)
                        if (c->host_access[i] == c->host_access[k])
                                return error_raise(reterr, FC_EXIT_USAGE,
                                                   "containers.%s.network.hostAccess[%zu]: port %u is given "
                                                   "twice",
                                                   c->name, i, c->host_access[i]);
        return 0;
}

static int check_network(const ContainerSpec *c, Error *reterr) {
        int r;

        r = check_private(c, "internet", c->internet, reterr);
        if (r >= 0)
                r = check_private(c, "hostAccess", c->n_host_access > 0, reterr);
        return r < 0 ? r : check_host_access(c, reterr);
}

const SpecKey network_key = {
        .name = "network",
        .parse = parse_network,
        .print = print_network,
        .check = check_network,
};
