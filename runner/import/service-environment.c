/* SPDX-License-Identifier: MIT */

/* What a service is told: environment and env_file. */

#include <string.h>

#include "base/alloc.h"
#include "import/interpolate.h"
#include "import/known.h"
#include "import/service.h"

/* Variables of a known image become settings, and are no variables of the container. */
static bool is_image_variable(const Service *s, const char *name) {
        return s->known && known_image_has_variable(s->known, name);
}

static void take_variable(Service *s, const char *name, const char *value, const char *place) {
        if (!value) {
                draft_note(&s->container->notes, place,
                           "not carried over: its value is that of the shell; credentials can have it: { "
                           "environment = \"NAME\"; }");
                return;
        }
        strv_pushf(&s->variables, "%s=%s", name, value);
        if (!is_image_variable(s, name))
                draft_put(s->container, "environment", name, json_new_string(value), place);
}

/* "NAME=VALUE" or "NAME" of a list, or a member of a mapping. */
static void carry_variable(Service *s, const char *name, const Json *item, const char *place) {
        const char *pair = tree_text(item), *equals = pair ? strchr(pair, '=') : NULL;
        _cleanup_free_ char *before = NULL;

        if (!pair && !(name && json_type(item) == JSON_NULL))
                draft_note(&s->container->notes, place, "not carried over: it is not a text");
        else if (name)
                take_variable(s, name, pair, place);
        else {
                before = xstrndup(pair, equals ? (size_t) (equals - pair) : strlen(pair));
                take_variable(s, before, equals ? equals + 1 : NULL, place);
        }
}

/* Of a known image: whether there is something in the file that is not its settings. */
static bool take_file(Service *s, const char *path, const char *place) {
        bool others = false;

        for (size_t i = 0; i < s->input->n_files; i++) {
                const ComposeFile *f = &s->input->files[i];

                if (!streq(f->path, path))
                        continue;
                if (f->problem) {
                        draft_note(&s->container->notes, place, "what it sets is not taken: %s", f->problem);
                        return true;
                }
                STRV_FOREACH (v, f->variables) {
                        _cleanup_free_ char *name = xstrndup(*v, strcspn(*v, "="));

                        if (!is_image_variable(s, name))
                                others = true;
                        else if (!interpolate_get(s->variables, name, strlen(name)))
                                strv_push(&s->variables, *v);
                }
                if (!others)
                        draft_note(&s->container->notes, place, "its variables have become settings below");
                return others;
        }
        return true;
}

/* PATH, or a mapping with "path". */
static void carry_env_file(Service *s, const char *name, const Json *item, const char *place) {
        const char *path = tree_text(item) ? tree_text(item) : tree_text(tree_get(item, "path"));
        _cleanup_free_ char *ours = NULL;

        if (!path) {
                draft_note(&s->container->notes, place, "not carried over: it is not a path");
                return;
        }
        if (tree_get(item, "required") && !tree_is_true(tree_get(item, "required")))
                draft_note(&s->container->notes, place, "a file that is missing is an error here");
        if (tree_get(item, "format"))
                draft_note(&s->container->notes, place, "'format' is not carried over: there is one");
        if (s->known && !take_file(s, path, place))
                return;
        ours = project_path(s, path);
        draft_append(s->container, "envFile", json_new_string(ours), place);
}

void service_carry_environment(Service *s) {
        service_each(s, "environment", carry_variable);
        service_each(s, "env_file", carry_env_file);
}
