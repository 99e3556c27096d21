/* SPDX-License-Identifier: MIT */

#include <arpa/inet.h>
#include <string.h>

#include "base/alloc.h"
#include "base/network6.h"
#include "spec/name.h"
#include "spec/networks.h"
#include "spec/value.h"
#include "state/identity.h"
#include "state/project-json.h"
#include "state/state-document.h"

/* ---- reading ---- */

/* Only ever compared, never looked into. */
static bool git_index_is_valid(const char *text) {
        return text[0] != '\0';
}

static bool subnet_is_valid(const char *text) {
        const char *slash = strchr(text, '/');
        _cleanup_free_ char *network = slash ? xstrndup(text, (size_t) (slash - text)) : NULL;
        struct in_addr address;

        return network && streq(slash, "/24") && inet_pton(AF_INET, network, &address) == 1 &&
               (ntohl(address.s_addr) & 255) == 0;
}

STRING_FIELD(parse_id, ProjectState, id, identity_id_is_valid)
STRING_FIELD(parse_subnet, ProjectState, subnet, subnet_is_valid)
STRING_FIELD(parse_git_index, ProjectState, git_index, git_index_is_valid)

static int parse_addresses(const Json *value, const char *path, void *target, Error *reterr) {
        bool seen[UINT8_MAX + 1] = {};
        ProjectState *state = target;
        int r;

        r = json_expect(value, JSON_OBJECT, path, reterr);
        if (r < 0)
                return r;
        JSON_FOREACH (member, value) {
                _cleanup_free_ char *member_path = json_path_member(path, json_key(member));
                RememberedAddress *address;
                uint64_t octet;

                if (name_check(json_key(member), "container", NULL) < 0)
                        return error_raise(reterr, FC_EXIT_USAGE, "%s: is not the name of a container",
                                           member_path);
                r = json_uint(member, member_path, 2, 254, &octet, reterr);
                if (r < 0)
                        return r;
                if (seen[octet])
                        return error_raise(reterr, FC_EXIT_USAGE,
                                           "%s: another container has the same address", member_path);
                seen[octet] = true;
                address = XGROW(state->addresses, state->n_addresses);
                *address = (RememberedAddress){.name = xstrdup(json_key(member)), .octet = (uint8_t) octet};
        }
        return 0;
}

static int check_remembered(const char *name, Error *reterr) {
        return name_check(name, "network", reterr);
}

static int parse_remembered(const Json *value, const char *path, void *ret, Error *reterr) {
        RememberedNetwork *network = ret;
        int r = check_remembered(json_key(value), reterr);

        if (r >= 0)
                r = json_expect(value, JSON_STRING, path, reterr);
        if (r < 0)
                return error_prefix(reterr, r, "%s", path);
        if (!subnet_is_valid(json_string(value)))
                return error_raise(reterr, FC_EXIT_USAGE, "%s: '%s' is not allowed here", path,
                                   json_string(value));
        network->name = xstrdup(json_key(value));
        network->subnet = xstrdup(json_string(value));
        return 0;
}

static int parse_remembered_networks(const Json *value, const char *path, void *target, Error *reterr) {
        ProjectState *state = target;

        return VALUE_PARSE_ELEMENTS(value, path, JSON_OBJECT, parse_remembered, &state->networks,
                                    &state->n_networks, reterr);
}

static char **find_subnet6(ProjectState *state, const char *network) {
        if (streq(network, NETWORK_DEFAULT))
                return &state->subnet6;
        for (size_t i = 0; i < state->n_networks; i++)
                if (streq(state->networks[i].name, network))
                        return &state->networks[i].subnet6;
        return NULL;
}

/* After the networks, which are written before it. */
static int parse_subnets6(const Json *value, const char *path, void *target, Error *reterr) {
        int r = json_expect(value, JSON_OBJECT, path, reterr);

        if (r < 0)
                return r;
        JSON_FOREACH (member, value) {
                _cleanup_free_ char *member_path = json_path_member(path, json_key(member));
                char **slot = find_subnet6(target, json_key(member));
                struct in6_addr network;

                r = json_expect(member, JSON_STRING, member_path, reterr);
                if (r < 0)
                        return r;
                if (!slot || *slot || !network6_read(json_string(member), &network))
                        return error_raise(reterr, FC_EXIT_USAGE, "%s: '%s' is not allowed here",
                                           member_path, json_string(member));
                *slot = network6_print(&network);
        }
        return 0;
}

/* After the addresses, which are written before it. */
static int parse_members(const Json *value, const char *path, void *target, Error *reterr) {
        int r = json_expect(value, JSON_OBJECT, path, reterr);

        if (r < 0)
                return r;
        JSON_FOREACH (member, value) {
                _cleanup_free_ char *member_path = json_path_member(path, json_key(member));
                _cleanup_strv_ char **networks = NULL;

                r = value_parse_strv(member, member_path, check_remembered, &networks, reterr);
                if (r < 0)
                        return r;
                if (!project_state_set_networks(target, json_key(member), networks))
                        return error_raise(reterr, FC_EXIT_USAGE, "%s: the container has no address",
                                           member_path);
        }
        return 0;
}

static int parse_shares(const Json *value, const char *path, void *target, Error *reterr) {
        int r = json_expect(value, JSON_OBJECT, path, reterr);

        if (r < 0)
                return r;
        JSON_FOREACH (member, value) {
                _cleanup_free_ char *member_path = json_path_member(path, json_key(member));

                r = json_expect(member, JSON_STRING, member_path, reterr);
                if (r < 0)
                        return r;
                r = name_check(json_key(member), "container", reterr);
                if (r >= 0)
                        r = name_check(json_string(member), "container", reterr);
                if (r < 0)
                        return error_prefix(reterr, r, "%s", member_path);
                (void) project_state_set_share(target, json_key(member), json_string(member));
        }
        return 0;
}

static const JsonField project_fields[] = {
        {"version", state_parse_version, true}, {"id", parse_id, true},
        {"subnet", parse_subnet, false},        {"gitIndex", parse_git_index, false},
        {"addresses", parse_addresses, true},   {"networks", parse_remembered_networks, false},
        {"subnets6", parse_subnets6, false},    {"members", parse_members, false},
        {"shares", parse_shares, false},
};

int project_state_parse(const char *text, size_t size, const char *name, ProjectState **ret, Error *reterr) {
        _cleanup_(project_state_freep) ProjectState *state = project_state_new();
        int r;

        r = state_parse_document(text, size, name, project_fields, ELEMENTSOF(project_fields), state,
                                 reterr);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(state);
        return 0;
}

/* ---- writing ---- */

/* Most projects have one network, and nothing to say about it. */
static void print_remembered_networks(Json *json, const ProjectState *state) {
        Json *networks = json_new_object(), *subnets6 = json_new_object(), *members = json_new_object();

        json_add_string(subnets6, NETWORK_DEFAULT, state->subnet6);
        for (size_t i = 0; i < state->n_networks; i++) {
                json_add_string(networks, state->networks[i].name, state->networks[i].subnet);
                if (state->networks[i].subnet)
                        json_add_string(subnets6, state->networks[i].name, state->networks[i].subnet6);
        }
        for (size_t i = 0; i < state->n_addresses; i++)
                if (state->addresses[i].networks)
                        json_add_strv(members, state->addresses[i].name, state->addresses[i].networks);
        json_add_unless_empty(json, "networks", networks);
        json_add_unless_empty(json, "subnets6", subnets6);
        json_add_unless_empty(json, "members", members);
}

static void print_shares(Json *json, const ProjectState *state) {
        Json *shares = state->n_shares > 0 ? json_new_object() : NULL;

        for (size_t i = 0; i < state->n_shares; i++)
                json_add_string(shares, state->shares[i].name, state->shares[i].owner);
        if (shares)
                json_add(json, "shares", shares);
}

char *project_state_print(const ProjectState *state) {
        _cleanup_(json_freep) Json *json = json_new_object();
        Json *addresses = json_new_object();

        json_add_uint(json, "version", STATE_VERSION);
        json_add_string(json, "id", state->id);
        json_add_string(json, "subnet", state->subnet);
        json_add_string(json, "gitIndex", state->git_index);
        for (size_t i = 0; i < state->n_addresses; i++)
                json_add_uint(addresses, state->addresses[i].name, state->addresses[i].octet);
        json_add(json, "addresses", addresses);
        print_remembered_networks(json, state);
        print_shares(json, state);
        return state_print_document(json);
}
