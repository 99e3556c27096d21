/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "import/compose.h"
#include "import/interpolate.h"
#include "import/known.h"
#include "import/service.h"

/* ---- the image ---- */

/* "docker.io/library/postgres:16@sha256:.." as "library/postgres" and "16". */
static void split_image(const char *text, char **ret_image, char **ret_tag) {
        _cleanup_free_ char *copy = xstrndup(text, strcspn(text, "@"));
        char *slash = strchr(copy, '/'), *rest = copy, *last, *colon;

        /* What has a dot or a port is a registry. */
        if (slash &&
            (memchr(copy, '.', (size_t) (slash - copy)) || memchr(copy, ':', (size_t) (slash - copy))))
                rest = slash + 1;
        last = strrchr(rest, '/');
        colon = strchr(last ? last : rest, ':');
        if (colon)
                *colon++ = '\0';
        *ret_image = xstrdup(startswith(rest, "library/") ? startswith(rest, "library/") : rest);
        *ret_tag = colon ? xstrdup(colon) : NULL;
}

/* Of a registry that has docker.io's, or its makers' own. */
static bool is_of_others(const char *image, const char *found) {
        static const char *const registries[] = {"docker.io/", "docker.elastic.co/", "quay.io/",
                                                 "mirror.gcr.io/"};

        if (startswith(image, found) || startswith(image, "library/"))
                return false;
        for (size_t i = 0; i < ELEMENTSOF(registries); i++)
                if (startswith(image, registries[i]))
                        return false;
        return true;
}

/* What is known of the image, as far as the format can have it. */
static void find_image(Service *s) {
        const char *image = tree_text(tree_get(s->tree, "image"));

        /* With a Dockerfile, `image` names what is built. */
        if (!image || tree_get(s->tree, "build"))
                return;
        split_image(image, &s->image, &s->tag);
        s->known = s->one_shot ? NULL : known_image_find(s->image);
        if (s->known && is_of_others(image, s->image))
                service_note(s, "image", "'%s' is taken for docker.io's '%s'", image, s->image);
        if (s->known && s->draft->format == DRAFT_JSON && !s->known->packages) {
                s->known = NULL;
                service_note(s, "image",
                             "Debian has no package of '%s'; NixOS has a module, which --format=flake takes",
                             s->image);
        }
}

/* ---- all of it ---- */

/* Whether another service waits for the end of this one. */
static bool is_one_shot(const Json *services, const char *name) {
        JSON_FOREACH (service, services) {
                const char *condition =
                        tree_text(tree_get(tree_get(tree_get(service, "depends_on"), name), "condition"));

                if (condition && streq(condition, "service_completed_successfully"))
                        return true;
        }
        return false;
}

static bool is_usual_driver(const Json *member) {
        const char *driver = tree_text(member);

        return streq(json_key(member), "driver") && driver &&
               (streq(driver, "bridge") || streq(driver, "local"));
}

static void carry_network_definition(Draft *draft, const char *name, const Json *network) {
        const Json *config = tree_get(tree_get(network, "ipam"), "config");
        const char *subnet = config && json_type(config) == JSON_ARRAY
                                     ? tree_text(tree_get(json_first(config), "subnet"))
                                     : NULL;
        _cleanup_free_ char *ours = tidy_name(name), *place = json_path_member("networks", name);

        if (ours && subnet && draft->format == DRAFT_JSON && strlen(subnet) > 3 &&
            streq(subnet + strlen(subnet) - 3, "/24") && !json_get(draft->networks, ours)) {
                Json *definition = json_new_object();

                json_add_string(definition, "subnet", subnet);
                json_add(draft->networks, ours, definition);
        } else if (subnet)
                draft_note(&draft->notes, place,
                           "the subnet '%s' is not carried over: a network has 256 addresses, which the "
                           "specification can give in JSON",
                           subnet);
        if (network && json_type(network) == JSON_OBJECT)
                JSON_FOREACH (member, network)
                        /* What is internal is so here in any case. */
                        if (!streq(json_key(member), "ipam") && !streq(json_key(member), "internal") &&
                            !tree_is_unset(member) && !is_usual_driver(member))
                                draft_note(&draft->notes, place,
                                           "'%s' is not carried over: a network is the project's own, and "
                                           "nothing leads out of it",
                                           json_key(member));
}

static void note_members(Draft *draft, const char *kind, const Json *definition, const char *const *carried,
                         const char *why) {
        _cleanup_free_ char *place = json_path_member(kind, json_key(definition));

        if (json_type(definition) != JSON_OBJECT)
                return;
        JSON_FOREACH (member, definition) {
                const char *const *c = carried;

                while (*c && !streq(*c, json_key(member)))
                        c++;
                if (!*c && !tree_is_unset(member) && !is_usual_driver(member))
                        draft_note(&draft->notes, place, "'%s' is not carried over: %s", json_key(member),
                                   why);
        }
}

/* @kind: "networks", "volumes", "secrets" or "configs" */
static void carry_definitions(Draft *draft, const char *kind, const Json *definitions) {
        static const char *const nothing[] = {NULL}, *const given[] = {"file", "environment", NULL};

        JSON_FOREACH (definition, definitions) {
                if (streq(kind, "networks"))
                        carry_network_definition(draft, json_key(definition), definition);
                else if (streq(kind, "volumes"))
                        note_members(draft, kind, definition, nothing,
                                     "a volume is a directory in .containers");
                else
                        note_members(draft, kind, definition, given,
                                     "what is in it is a file, or a variable");
        }
}

static void carry_top_level(Draft *draft, const Json *document) {
        const char *name = tree_text(tree_get(document, "name"));

        if (name)
                draft->project = tidy_name(name);
        JSON_FOREACH (member, document) {
                const char *key = json_key(member);

                if (streq(key, "services") || streq(key, "version") || streq(key, "name") ||
                    startswith(key, "x-"))
                        continue;
                if (streq(key, "include"))
                        draft_note(&draft->notes, key,
                                   "not carried over: import those files, too, and join what comes of them");
                else if (!streq(key, "networks") && !streq(key, "volumes") && !streq(key, "secrets") &&
                         !streq(key, "configs"))
                        draft_note(&draft->notes, key, "not carried over: compose has no such key");
                else if (json_type(member) == JSON_OBJECT)
                        carry_definitions(draft, key, member);
                else if (json_type(member) != JSON_NULL)
                        draft_note(&draft->notes, key, "not carried over: it must be a mapping");
        }
        if (json_get(document, "volumes") && json_length(json_get(document, "volumes")) > 0)
                draft_note(&draft->notes, "volumes",
                           "they begin empty: what docker's have in them is dumped there and restored here");
}

/* Two of them would be one, and have one's data or reach each other. */
static int refuse_same_names(const Json *document, const char *kind, Error *reterr) {
        const Json *definitions = tree_get(document, kind);
        _cleanup_strv_ char **names = NULL;

        if (!definitions || json_type(definitions) != JSON_OBJECT)
                return 0;
        JSON_FOREACH (definition, definitions) {
                _cleanup_free_ char *ours = tidy_name(json_key(definition)),
                                    *place = json_path_member(kind, json_key(definition));

                if (ours && strv_contains(names, ours))
                        return error_raise(reterr, FC_EXIT_USAGE,
                                           "%s: would be called '%s' as another one is", place, ours);
                if (ours)
                        strv_push(&names, ours);
        }
        return 0;
}

static int name_containers(Draft *draft, const Json *services, Error *reterr) {
        JSON_FOREACH (service, services) {
                const char *name = json_key(service);
                _cleanup_free_ char *ours = tidy_name(name), *place = json_path_member("services", name);

                if (json_type(service) != JSON_OBJECT)
                        return error_raise(reterr, FC_EXIT_USAGE, "%s: must be a mapping", place);
                if (!ours)
                        return error_raise(reterr, FC_EXIT_USAGE, "%s: no container can be called so",
                                           place);
                if (draft_find(draft, ours))
                        return error_raise(reterr, FC_EXIT_USAGE,
                                           "%s: would be called '%s' as another one is", place, ours);
                (void) draft_add(draft, ours);
                if (!streq(ours, name))
                        draft_note(&draft->containers[draft->n_containers - 1].notes, place,
                                   "called '%s' here, and by the others", ours);
        }
        return 0;
}

static void carry_service(Service *s) {
        find_image(s);
        service_carry_environment(s);
        service_carry_system(s);
        service_carry_network(s);
        service_carry_ports(s);
        service_carry_settings(s);
        service_carry_volumes(s);
        service_keep_settings(s);
        service_carry_life(s);
        service_carry_limits(s);
        service_carry_rights(s);
        service_note_rest(s);
}

static void note_variables(Draft *draft, const Interpolation *in) {
        STRV_FOREACH (name, in->missing)
                draft_note(&draft->notes, "",
                           "the variable '%s' has no value in .env, nor one instead: it is empty", *name);
        if (in->taken) {
                _cleanup_free_ char *names = strv_join(in->taken, ", ");

                draft_note(&draft->notes, "", "of .env, written here as they are: %s", names);
        }
}

int compose_import(const Json *tree, const ComposeInput *input, Draft **ret, Error *reterr) {
        _cleanup_(draft_freep) Draft *draft = draft_new(input->format);
        _cleanup_(json_freep) Json *document = NULL;
        Interpolation in = {.variables = input->dotenv};
        const Json *services;
        size_t i = 0;
        int r;

        if (json_type(tree) != JSON_OBJECT)
                return error_raise(reterr, FC_EXIT_USAGE, "is not a compose file: it must be a mapping");
        r = interpolate(tree, "", &in, &document, reterr);
        if (r >= 0) {
                services = json_get(document, "services");
                if (!services || json_type(services) != JSON_OBJECT || json_length(services) == 0)
                        r = error_raise(reterr, FC_EXIT_USAGE,
                                        "services: must be a mapping with at least one service");
                else if (json_length(services) > DRAFT_CONTAINERS_MAX)
                        r = error_raise(reterr, FC_EXIT_USAGE, "services: more than %d",
                                        DRAFT_CONTAINERS_MAX);
                else
                        r = name_containers(draft, services, reterr);
        }
        if (r >= 0)
                r = refuse_same_names(document, "volumes", reterr);
        if (r >= 0)
                r = refuse_same_names(document, "networks", reterr);
        if (r >= 0) {
                note_variables(draft, &in);
                carry_top_level(draft, document);
                JSON_FOREACH (service, services) {
                        Service s = {.input = input,
                                     .document = document,
                                     .tree = service,
                                     .name = json_key(service),
                                     .draft = draft,
                                     .container = &draft->containers[i++],
                                     .one_shot = is_one_shot(services, json_key(service))};

                        carry_service(&s);
                        free(s.image);
                        free(s.tag);
                        (void) strv_free(s.variables);
                        (void) strv_free(s.used);
                }
                *ret = TAKE_PTR(draft);
        }
        (void) strv_free(in.taken);
        (void) strv_free(in.missing);
        return r;
}

/* ---- what else is to be read ---- */

static void add_env_file(const Json *item, char ***paths) {
        const char *path = tree_text(item) ? tree_text(item) : tree_text(tree_get(item, "path"));

        if (path && !strv_contains(*paths, path) && strv_length(*paths) < COMPOSE_ENV_FILES_MAX)
                strv_push(paths, path);
}

int compose_env_files(const Json *tree, char *const *dotenv, char ***ret, Error *reterr) {
        _cleanup_(json_freep) Json *document = NULL;
        Interpolation in = {.variables = dotenv};
        const Json *services;
        int r = interpolate(tree, "", &in, &document, reterr);

        (void) strv_free(in.taken);
        (void) strv_free(in.missing);
        if (r < 0)
                return r;
        services = tree_get(document, "services");
        if (services && json_type(services) == JSON_OBJECT)
                JSON_FOREACH (service, services) {
                        const Json *files = tree_get(service, "env_file");

                        if (files && json_type(files) == JSON_ARRAY)
                                JSON_FOREACH (item, files)
                                        add_env_file(item, ret);
                        else if (files)
                                add_env_file(files, ret);
                }
        return 0;
}
