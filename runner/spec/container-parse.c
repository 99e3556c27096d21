/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "base/json-scan.h"
#include "spec/argument.h"
#include "spec/capability.h"
#include "spec/container-parse.h"
#include "spec/credential.h"
#include "spec/dependency.h"
#include "spec/element-parse.h"
#include "spec/env.h"
#include "spec/path.h"
#include "spec/ready-parse.h"
#include "spec/resource.h"
#include "spec/value-parse.h"

#define DEFAULT_INIT "/sbin/init"

/* What json_dispatch() hands to the functions below: the container, and what of it was given. */
typedef struct Target {
        ContainerSpec *c;
        bool has_notify;
        bool has_store;
} Target;

static ContainerSpec *container_of(void *target) {
        return ((Target *) target)->c;
}

static int check_capability(const char *name, Error *reterr) {
        unsigned number;

        return capability_from_string(name, &number, reterr);
}

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
        ContainerSpec *c = container_of(target);
        int r;

        r = value_parse_string(value, path, path_check_host, &c->rootfs, reterr);
        if (r < 0)
                return r;
        if (c->rootfs[strspn(c->rootfs, "/")] == '\0')
                return error_raise(reterr, FC_EXIT_USAGE, "%s: '/' is the root of the host", path);
        return 0;
}

static int parse_init(const Json *value, const char *path, void *target, Error *reterr) {
        return value_parse_string(value, path, path_check_inside, &container_of(target)->init, reterr);
}

static int parse_build(const Json *value, const char *path, void *target, Error *reterr) {
        return value_parse_string(value, path, check_text, &container_of(target)->build, reterr);
}

static int parse_toplevel(const Json *value, const char *path, void *target, Error *reterr) {
        return value_parse_string(value, path, path_check_store_path, &container_of(target)->toplevel,
                                  reterr);
}

static int parse_closure(const Json *value, const char *path, void *target, Error *reterr) {
        return value_parse_string(value, path, path_check_inside, &container_of(target)->closure, reterr);
}

/* Nothing outside of the store is there when the container starts. */
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

        if (c->rootfs || c->build)
                return error_raise(reterr, FC_EXIT_USAGE, "%s: '%s' and 'toplevel' exclude each other", path,
                                   c->rootfs ? "rootfs" : "build");
        store = container_spec_store(c);
        r = check_in_store(path, "init", c->init, store, reterr);
        return r < 0 ? r : check_in_store(path, "closure", c->closure, store, reterr);
}

static int parse_system(const Json *value, const char *path, void *target, Error *reterr) {
        static const JsonField fields[] = {
                {"rootfs", parse_rootfs}, {"toplevel", parse_toplevel}, {"init", parse_init},
                {"build", parse_build},   {"closure", parse_closure},
        };
        const ContainerSpec *c = container_of(target);
        int r;

        r = json_dispatch(value, path, fields, ELEMENTSOF(fields), target, reterr);
        if (r < 0)
                return r;
        if (c->toplevel)
                return check_toplevel(c, path, reterr);
        if (!c->rootfs)
                return error_raise(reterr, FC_EXIT_USAGE, "%s: 'rootfs' or 'toplevel' is missing", path);
        if (c->closure)
                return error_raise(reterr, FC_EXIT_USAGE, "%s.closure: only with 'toplevel'", path);
        return 0;
}

static int parse_store(const Json *value, const char *path, void *target, Error *reterr) {
        const char *words[_STORE_MODE_MAX];
        size_t i;
        int r;

        for (i = 0; i < ELEMENTSOF(words); i++)
                words[i] = store_mode_to_string((StoreMode) i);
        r = value_parse_word(value, path, words, ELEMENTSOF(words), &i, reterr);
        if (r < 0)
                return r;
        container_of(target)->store = (StoreMode) i;
        ((Target *) target)->has_store = true;
        return 0;
}

static int parse_command(const Json *value, const char *path, void *target, Error *reterr) {
        ContainerSpec *c = container_of(target);
        int r;

        r = value_parse_strv(value, path, argument_check, &c->command, reterr);
        if (r < 0)
                return r;
        if (!c->command || !c->command[0][0])
                return error_raise(reterr, FC_EXIT_USAGE, "%s: the first word must name a program", path);
        return 0;
}

static int parse_users(const Json *value, const char *path, void *target, Error *reterr) {
        const char *words[_USERS_MODE_MAX];
        size_t i;
        int r;

        for (i = 0; i < ELEMENTSOF(words); i++)
                words[i] = users_mode_to_string((UsersMode) i);
        r = value_parse_word(value, path, words, ELEMENTSOF(words), &i, reterr);
        if (r < 0)
                return r;
        container_of(target)->users = (UsersMode) i;
        return 0;
}

static int parse_network_mode(const Json *value, const char *path, void *target, Error *reterr) {
        const char *words[_NETWORK_MODE_MAX];
        size_t i;
        int r;

        for (i = 0; i < ELEMENTSOF(words); i++)
                words[i] = network_mode_to_string((NetworkMode) i);
        r = value_parse_word(value, path, words, ELEMENTSOF(words), &i, reterr);
        if (r < 0)
                return r;
        container_of(target)->network = (NetworkMode) i;
        return 0;
}

static int parse_network(const Json *value, const char *path, void *target, Error *reterr) {
        static const JsonField fields[] = {
                {"mode", parse_network_mode},
                {"internet", NULL},
                {"address", NULL},
        };

        return json_dispatch(value, path, fields, ELEMENTSOF(fields), target, reterr);
}

static int parse_ports(const Json *value, const char *path, void *target, Error *reterr) {
        ContainerSpec *c = container_of(target);
        int r;

        r = json_expect(value, JSON_ARRAY, path, reterr);
        if (r < 0)
                return r;
        c->ports = xnew0(Port, json_length(value));
        JSON_FOREACH (element, value) {
                _cleanup_free_ char *element_path = json_path_index(path, c->n_ports);

                r = port_parse_json(element, element_path, &c->ports[c->n_ports], reterr);
                if (r < 0)
                        return r;
                c->n_ports++;
        }
        return 0;
}

static int parse_volumes(const Json *value, const char *path, void *target, Error *reterr) {
        ContainerSpec *c = container_of(target);
        int r;

        r = json_expect(value, JSON_ARRAY, path, reterr);
        if (r < 0)
                return r;
        c->volumes = xnew0(Volume, json_length(value));
        JSON_FOREACH (element, value) {
                _cleanup_free_ char *element_path = json_path_index(path, c->n_volumes);

                r = volume_parse_json(element, element_path, &c->volumes[c->n_volumes], reterr);
                if (r < 0)
                        return r;
                c->n_volumes++;
        }
        return 0;
}

static int parse_tmpfs(const Json *value, const char *path, void *target, Error *reterr) {
        return value_parse_strv(value, path, path_check_mount_point, &container_of(target)->tmpfs, reterr);
}

static int parse_environment(const Json *value, const char *path, void *target, Error *reterr) {
        ContainerSpec *c = container_of(target);
        size_t n = 0;
        int r;

        r = json_expect(value, JSON_OBJECT, path, reterr);
        if (r < 0)
                return r;
        if (!json_first(value))
                return 0;
        c->environment = xnew0(char *, json_length(value) + 1);
        JSON_FOREACH (member, value) {
                _cleanup_free_ char *member_path = json_path_member(path, json_key(member));

                r = json_expect(member, JSON_STRING, member_path, reterr);
                if (r < 0)
                        return r;
                r = env_check(json_key(member), json_string(member), reterr);
                if (r < 0)
                        return error_prefix(reterr, r, "%s", member_path);
                c->environment[n++] = xasprintf("%s=%s", json_key(member), json_string(member));
        }
        return 0;
}

static int parse_credentials(const Json *value, const char *path, void *target, Error *reterr) {
        ContainerSpec *c = container_of(target);
        int r;

        r = json_expect(value, JSON_OBJECT, path, reterr);
        if (r < 0)
                return r;
        c->credentials = xnew0(Credential, json_length(value));
        JSON_FOREACH (member, value) {
                _cleanup_free_ char *member_path = json_path_member(path, json_key(member));
                Credential *credential = &c->credentials[c->n_credentials];

                r = credential_check_id(json_key(member), reterr);
                if (r < 0)
                        return error_prefix(reterr, r, "%s", member_path);
                r = value_parse_string(member, member_path, path_check_host, &credential->path, reterr);
                if (r < 0)
                        return r;
                credential->id = xstrdup(json_key(member));
                c->n_credentials++;
        }
        return 0;
}

static int parse_capabilities_add(const Json *value, const char *path, void *target, Error *reterr) {
        return value_parse_strv(value, path, check_capability, &container_of(target)->capabilities_add,
                                reterr);
}

static int parse_capabilities_drop(const Json *value, const char *path, void *target, Error *reterr) {
        return value_parse_strv(value, path, check_capability, &container_of(target)->capabilities_drop,
                                reterr);
}

static int parse_capabilities(const Json *value, const char *path, void *target, Error *reterr) {
        static const JsonField fields[] = {
                {"add", parse_capabilities_add},
                {"drop", parse_capabilities_drop},
        };

        return json_dispatch(value, path, fields, ELEMENTSOF(fields), target, reterr);
}

static int parse_devices(const Json *value, const char *path, void *target, Error *reterr) {
        ContainerSpec *c = container_of(target);
        int r;

        r = json_expect(value, JSON_ARRAY, path, reterr);
        if (r < 0)
                return r;
        c->devices = xnew0(Device, json_length(value));
        JSON_FOREACH (element, value) {
                _cleanup_free_ char *element_path = json_path_index(path, c->n_devices);

                r = device_parse_json(element, element_path, &c->devices[c->n_devices], reterr);
                if (r < 0)
                        return r;
                c->n_devices++;
        }
        return 0;
}

static int raise_unknown_resource(const char *path, Error *reterr) {
        _cleanup_strv_ char **names = NULL;
        _cleanup_free_ char *known = NULL;
        int r = error_raise(reterr, FC_EXIT_USAGE, "%s: unknown key", path);

        for (size_t i = 0; i < _RESOURCE_KIND_MAX; i++)
                strv_push(&names, resource_kind_to_string((ResourceKind) i));
        known = strv_join(names, ", ");
        error_add_hint(reterr, "the keys known here: %s", known);
        return r;
}

static int parse_resource(const Json *value, const char *path, ResourceKind kind, char **ret,
                          Error *reterr) {
        uint64_t number;
        int r;

        if (json_type(value) == JSON_NUMBER) {
                r = json_uint(value, path, 0, JSON_NUMBER_MAX, &number, reterr);
                if (r < 0)
                        return r;
                r = resource_parse_number(kind, number, ret, reterr);
        } else if (json_type(value) == JSON_STRING)
                r = resource_parse(kind, json_string(value), ret, reterr);
        else
                return error_raise(reterr, FC_EXIT_USAGE, "%s: must be a string or a number, is %s", path,
                                   json_type_to_string(json_type(value)));
        return r < 0 ? error_prefix(reterr, r, "%s", path) : 0;
}

/* The keys are a table of spec/resource.c, so that no row of ours can be forgotten. */
static int parse_resources(const Json *value, const char *path, void *target, Error *reterr) {
        ContainerSpec *c = container_of(target);
        int r;

        r = json_expect(value, JSON_OBJECT, path, reterr);
        if (r < 0)
                return r;
        c->resources = xnew0(Resource, json_length(value));
        JSON_FOREACH (member, value) {
                _cleanup_free_ char *member_path = json_path_member(path, json_key(member));
                Resource *resource = &c->resources[c->n_resources];
                ResourceKind kind = resource_kind_from_string(json_key(member));

                if (kind < 0)
                        return raise_unknown_resource(member_path, reterr);
                r = parse_resource(member, member_path, kind, &resource->value, reterr);
                if (r < 0)
                        return r;
                resource->kind = kind;
                c->n_resources++;
        }
        return 0;
}

static int parse_ephemeral(const Json *value, const char *path, void *target, Error *reterr) {
        return value_parse_bool(value, path, &container_of(target)->ephemeral, reterr);
}

static int parse_restart(const Json *value, const char *path, void *target, Error *reterr) {
        const char *words[_RESTART_MODE_MAX];
        size_t i;
        int r;

        for (i = 0; i < ELEMENTSOF(words); i++)
                words[i] = restart_mode_to_string((RestartMode) i);
        r = value_parse_word(value, path, words, ELEMENTSOF(words), &i, reterr);
        if (r < 0)
                return r;
        container_of(target)->restart = (RestartMode) i;
        return 0;
}

static int parse_nspawn_args(const Json *value, const char *path, void *target, Error *reterr) {
        return value_parse_strv(value, path, argument_check_nspawn, &container_of(target)->nspawn_args,
                                reterr);
}

static int parse_ready(const Json *value, const char *path, void *target, Error *reterr) {
        Target *t = target;

        return ready_parse(value, path, t->c, &t->has_notify, reterr);
}

static int parse_depends_on(const Json *value, const char *path, void *target, Error *reterr) {
        return dependencies_parse(value, path, container_of(target), reterr);
}

static int parse_one_shot(const Json *value, const char *path, void *target, Error *reterr) {
        return value_parse_bool(value, path, &container_of(target)->one_shot, reterr);
}

static int parse_stop_timeout(const Json *value, const char *path, void *target, Error *reterr) {
        return value_parse_timeout(value, path, &container_of(target)->stop_timeout_usec, reterr);
}

static int parse_stop(const Json *value, const char *path, void *target, Error *reterr) {
        static const JsonField fields[] = {
                {"timeout", parse_stop_timeout},
        };

        return json_dispatch(value, path, fields, ELEMENTSOF(fields), target, reterr);
}

static const JsonField container_fields[] = {
        {"system", parse_system, .mandatory = true},
        {"store", parse_store},
        {"command", parse_command},
        {"users", parse_users},
        {"network", parse_network},
        {"ports", parse_ports},
        {"volumes", parse_volumes},
        {"tmpfs", parse_tmpfs},
        {"environment", parse_environment},
        {"credentials", parse_credentials},
        {"capabilities", parse_capabilities},
        {"devices", parse_devices},
        {"resources", parse_resources},
        {"ephemeral", parse_ephemeral},
        {"restart", parse_restart},
        {"nspawnArgs", parse_nspawn_args},
        {"ready", parse_ready},
        {"stop", parse_stop},
        {"dependsOn", parse_depends_on},
        {"oneShot", parse_one_shot},
};

int container_parse(const Json *json, const char *path, ContainerSpec *c, Error *reterr) {
        Target target = {.c = c};
        int r;

        r = json_dispatch(json, path, container_fields, ELEMENTSOF(container_fields), &target, reterr);
        if (r < 0)
                return r;

        if (target.has_store && !c->toplevel)
                return error_raise(reterr, FC_EXIT_USAGE, "%s.store: only with 'system.toplevel'", path);
        if (c->store == STORE_CLOSURE && !c->closure)
                return error_raise(reterr, FC_EXIT_USAGE, "%s.store: 'closure' needs 'system.closure'",
                                   path);
        if (c->command && c->init)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "%s: 'command' and 'system.init' exclude each other", path);
        if (!c->command && !c->init)
                c->init = c->toplevel ? xasprintf("%s/init", c->toplevel) : xstrdup(DEFAULT_INIT);
        if (!target.has_notify)
                c->ready_notify = !c->command;
        return 0;
}
