/* SPDX-License-Identifier: MIT */

#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json-schema.h"
#include "spec/container.h"
#include "spec/dependency.h"
#include "spec/export.h"
#include "spec/name.h"
#include "spec/network-share.h"
#include "spec/networks.h"
#include "spec/port-clash.h"
#include "spec/spec-parse.h"
#include "spec/value.h"

static int check_project_name(const char *name, Error *reterr) {
        return name_check(name, "project", reterr);
}

static int parse_project_name(const Json *value, const char *path, void *target, Error *reterr) {
        return value_parse_string(value, path, check_project_name, &((Spec *) target)->project_name, reterr);
}

static const JsonField project_fields[] = {
        {"name", parse_project_name, .shape = &name_shape},
};

static const JsonShape project_shape = JSON_OBJECT_OF(project_fields);

static int parse_project(const Json *value, const char *path, void *target, Error *reterr) {
        return json_dispatch(value, path, project_fields, ELEMENTSOF(project_fields), target, reterr);
}

static int parse_rootless(const Json *value, const char *path, void *target, Error *reterr) {
        return value_parse_bool(value, path, &((Spec *) target)->rootless, reterr);
}

static int parse_containers(const Json *value, const char *path, void *target, Error *reterr) {
        Spec *spec = target;
        int r;

        r = json_expect(value, JSON_OBJECT, path, reterr);
        if (r < 0)
                return r;
        spec->containers = xnew0(ContainerSpec, json_length(value));
        JSON_FOREACH (member, value) {
                _cleanup_free_ char *member_path = json_path_member(path, json_key(member));
                ContainerSpec *c = &spec->containers[spec->n_containers];

                r = name_check_container(json_key(member), reterr);
                if (r < 0)
                        return error_prefix(reterr, r, "%s", member_path);
                *c = CONTAINER_SPEC_NULL;
                c->name = xstrdup(json_key(member));
                spec->n_containers++;
                r = container_parse(member, member_path, c, reterr);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int parse_version(const Json *value, const char *path, void *target, Error *reterr) {
        uint64_t version;
        int r;

        r = json_uint(value, path, 0, UINT64_MAX, &version, reterr);
        if (r < 0)
                return r;
        if (version != SPEC_VERSION)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "%s: %" PRIu64 " is not supported, this program reads version %d", path,
                                   version, SPEC_VERSION);
        return 0;
}

/* For the user's editor. */
static int parse_schema(const Json *value, const char *path, void *target, Error *reterr) {
        return 0;
}

static const JsonShape version_shape = JSON_NUMBER_FROM(SPEC_VERSION, SPEC_VERSION);

enum { FIELD_CONTAINERS = 5, _FIELDS_MAX };

/* What is in a container is looked at when it is its turn, so that mistakes are told in the order of the
 * document; the schema says it here (spec_schema()). */
static const JsonField spec_fields[_FIELDS_MAX] = {
        {"$schema", parse_schema, .shape = &text_shape},
        {"version", parse_version, .mandatory = true, .shape = &version_shape},
        {"project", parse_project, .shape = &project_shape},
        {"rootless", parse_rootless, .shape = &bool_shape},
        {"networks", networks_parse, .shape = &networks_shape},
        [FIELD_CONTAINERS] = {"containers", parse_containers, .mandatory = true},
};

static const JsonShape spec_shape = {
        .kind = JSON_SHAPE_OBJECT,
        .fields = spec_fields,
        .n_fields = ELEMENTSOF(spec_fields),
        .manual = SPEC_MANUAL,
};

/* What no container can tell by itself. */
static int check_spec(Spec *spec, Error *reterr) {
        int r;

        for (size_t i = 0; i < spec->n_containers; i++) {
                r = container_check(&spec->containers[i], reterr);
                if (r < 0)
                        return r;
        }
        r = network_share_check(spec, reterr);
        if (r >= 0)
                r = dependencies_check(spec, reterr);
        if (r >= 0)
                r = networks_check(spec, reterr);
        if (r >= 0)
                r = ports_check(spec, reterr);
        return r < 0 ? r : exports_check(spec, reterr);
}

int spec_parse(const char *text, size_t size, Spec **ret, Error *reterr) {
        _cleanup_(spec_freep) Spec *spec = NULL;
        _cleanup_(json_freep) Json *json = NULL;
        const Json *version;
        int r;

        if (size > SPEC_SIZE_MAX)
                return error_raise(reterr, FC_EXIT_USAGE, "the specification is larger than %d bytes",
                                   SPEC_SIZE_MAX);
        r = json_parse(text, size, /* name= */ NULL, &json, reterr);
        if (r < 0)
                return r;
        /* Before all other keys: those of another version are not for us to judge. */
        r = json_expect(json, JSON_OBJECT, "", reterr);
        if (r < 0)
                return r;
        version = json_get(json, "version");
        r = version ? parse_version(version, "version", NULL, reterr) : 0;
        if (r < 0)
                return r;

        spec = xnew0(Spec, 1);
        r = json_dispatch_shape(json, "", &spec_shape, spec, reterr);
        if (r < 0)
                return r;
        r = check_spec(spec, reterr);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(spec);
        return 0;
}

char *spec_schema(void) {
        JsonField container_fields[CONTAINER_KEYS_MAX], fields[_FIELDS_MAX];
        JsonShape container = container_shape(container_fields),
                  containers = JSON_MAP_OF(container_name_shape, container), root = JSON_OBJECT_OF(fields);

        memcpy(fields, spec_fields, sizeof(fields));
        fields[FIELD_CONTAINERS].shape = &containers;
        return json_schema_print(&root, "Containers of a project, for flake-containers(1)");
}

char *spec_print(const Spec *spec) {
        _cleanup_(json_freep) Json *json = json_new_object();
        Json *containers = json_new_object(), *networks = networks_print(spec);

        json_add_uint(json, "version", SPEC_VERSION);
        if (spec->project_name) {
                Json *project = json_new_object();

                json_add_string(project, "name", spec->project_name);
                json_add(json, "project", project);
        }
        if (spec->rootless)
                json_add_bool(json, "rootless", true);
        if (networks)
                json_add(json, "networks", networks);
        for (size_t i = 0; i < spec->n_containers; i++)
                json_add(containers, spec->containers[i].name, container_print(&spec->containers[i]));
        json_add(json, "containers", containers);
        return json_print(json, /* pretty= */ true);
}
