/* SPDX-License-Identifier: MIT */

#include <inttypes.h>

#include "base/alloc.h"
#include "base/json.h"
#include "plan/definition.h"
#include "spec/container.h"
#include "spec/path.h"

/* What a running container need not be restarted for: it is read again each time that the container is
 * waited for or stopped, or is not about the container as it runs. A key that is not here means a
 * restart. */
static const char *const changeable[] = {
        "system.rootfs", /* DEFINITION_IMAGE is its absolute path */
        "system.debian", /* likewise */
        "system.oci",    /* likewise */
        "system.build",  "ready.timeout", "ready.units", "ready.tcp",    "ready.http",
        "ready.exec",    "ready.unix",    "seed",        "stop.timeout", "dependsOn",
        "oneShot",       "exports",       "hooks",       "shared",       "profiles",
};

/* Of an element of a list. It says how the volume came to be there. */
static bool is_volume_create(const char *path) {
        const char *rest = startswith(path, "volumes[");

        return rest && streq(rest + strspn(rest, "0123456789"), "].create");
}

static bool is_changeable(const char *path) {
        for (size_t i = 0; i < ELEMENTSOF(changeable); i++)
                if (streq(path, changeable[i]))
                        return true;
        return is_volume_create(path);
}

/* strv_push() counts each time, and a specification may be long. */
typedef struct Lines {
        char **v;
        size_t n;
} Lines;

static void push_value(Lines *lines, const char *path, const Json *value) {
        char **line = XGROW(lines->v, lines->n);
        uint64_t number = 0;

        switch (json_type(value)) {
        case JSON_BOOL:
                *line = xasprintf("%s %s", path, json_bool(value) ? "true" : "false");
                break;
        case JSON_NUMBER:
                (void) json_uint(value, path, 0, UINT64_MAX, &number, NULL);
                *line = xasprintf("%s %" PRIu64, path, number);
                break;
        default:
                *line = xasprintf("%s %s", path, json_string(value));
                break;
        }
}

/* A line for each leaf. The parser bounds the depth. */
static void push_tree(Lines *lines, const char *path, const Json *value) {
        size_t i = 0;

        if (is_changeable(path))
                return;
        switch (json_type(value)) {
        case JSON_OBJECT:
                JSON_FOREACH (member, value) {
                        /* Whole, unlike in messages. */
                        _cleanup_free_ char *member_path =
                                xasprintf("%s%s%s", path, path[0] ? "." : "", json_key(member));

                        push_tree(lines, member_path, member);
                }
                break;
        case JSON_ARRAY:
                JSON_FOREACH (element, value) {
                        _cleanup_free_ char *element_path = json_path_index(path, i++);

                        push_tree(lines, element_path, element);
                }
                break;
        default:
                push_value(lines, path, value);
                break;
        }
}

/* So that a release may know another key of an element, too. */
static bool is_default_of_element(const char *line) {
        const char *rest = startswith(line, "volumes[");

        return rest && streq(rest + strspn(rest, "0123456789"), "].overlay false");
}

static char **lines_of(const ContainerSpec *c) {
        _cleanup_(json_freep) Json *json = container_print(c);
        Lines lines = {};

        push_tree(&lines, "", json);
        (void) XGROW(lines.v, lines.n); /* the NULL at the end */
        return lines.v;
}

static bool has_relative_source(const ContainerPlan *p) {
        for (size_t i = 0; i < p->n_mounts; i++)
                if (p->mounts[i].below)
                        return true;
        for (size_t i = 0; i < p->n_env_files; i++)
                if (p->env_files[i].below)
                        return true;
        return p->image_below;
}

/* Of an image in the project, where that was. */
static char *image_of(const ContainerPlan *p, const char *root, const char *started_root) {
        size_t n = streq(root, "/") ? 0 : strlen(root);

        if (!p->image_below || streq(root, started_root) || !path_is_within(p->image, root))
                return xstrdup(p->image);
        return xasprintf("%s%s", streq(started_root, "/") ? "" : started_root, p->image + n);
}

char **definition_make(const ContainerPlan *p, const char *root, const char *started_root) {
        const ContainerSpec nothing = CONTAINER_SPEC_NULL;
        _cleanup_strv_ char **defaults = lines_of(&nothing), **lines = lines_of(p->spec);
        Lines definition = {};

        if (p->image) {
                _cleanup_free_ char *image = image_of(p, root, started_root);

                *XGROW(definition.v, definition.n) = xasprintf(DEFINITION_IMAGE " %s", image);
        }
        /* Another one leads to other volumes. */
        if (has_relative_source(p))
                *XGROW(definition.v, definition.n) = xasprintf(DEFINITION_PROJECT " %s", started_root);
        if (p->address)
                *XGROW(definition.v, definition.n) = xasprintf("address %s", p->address);
        for (size_t i = 0; i < p->n_more; i++)
                *XGROW(definition.v, definition.n) =
                        xasprintf("address.%s %s", p->more[i].name, p->more[i].address);
        STRV_FOREACH (line, lines)
                if (!strv_contains(defaults, *line) && !is_default_of_element(*line))
                        *XGROW(definition.v, definition.n) = xstrdup(*line);
        (void) XGROW(definition.v, definition.n);
        return definition.v;
}

const char *definition_get(char *const *definition, const char *key) {
        STRV_FOREACH (line, definition) {
                const char *rest = startswith(*line, key);

                if (rest && *rest == ' ')
                        return rest + 1;
        }
        return NULL;
}

void definition_set_image(char **definition, const char *image) {
        for (size_t i = 0; definition && definition[i]; i++)
                if (startswith(definition[i], DEFINITION_IMAGE " ")) {
                        free(definition[i]);
                        definition[i] = xasprintf(DEFINITION_IMAGE " %s", image);
                        return;
                }
}

bool definition_runs_command(char *const *definition) {
        return definition_get(definition, "command[0]");
}
