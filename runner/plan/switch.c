/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "plan/definition.h"
#include "plan/switch.h"
#include "spec/path.h"

/* What a switch takes along. The closure is that of the toplevel, and says nothing where the whole store is
 * there. */
static const char *const switched[] = {DEFINITION_TOPLEVEL, DEFINITION_INIT, "system.closure"};

bool switch_is_another_system(const ContainerPlan *p, char *const *running) {
        const char *toplevel = definition_get(running, DEFINITION_TOPLEVEL);

        return toplevel && p->spec->toplevel && !streq(toplevel, p->spec->toplevel);
}

/* The key of the specification that a line is about: "volumes" of "volumes[0].source a". */
static void push_key(char ***keys, const char *line) {
        size_t n = strcspn(line, " ");
        _cleanup_free_ char *path = xstrndup(line, n), *key = xstrndup(line, strcspn(line, " .["));

        for (size_t i = 0; i < ELEMENTSOF(switched); i++)
                if (streq(path, switched[i]))
                        return;
        if (!strv_contains(*keys, key))
                strv_push(keys, key);
}

/* Not a key: a line that comes and goes with relative sources. */
static bool is_project(const char *line) {
        return startswith(line, DEFINITION_PROJECT " ");
}

static void push_keys(char ***keys, char *const *lines, char *const *others, bool project) {
        STRV_FOREACH (line, lines)
                if (is_project(*line) == project && !strv_contains(others, *line))
                        push_key(keys, *line);
}

static char **other_keys(const ContainerPlan *p, char *const *running) {
        char **keys = NULL;

        for (int project = 0; project < 2 && !keys; project++) {
                push_keys(&keys, running, p->definition, project);
                push_keys(&keys, p->definition, running, project);
        }
        return keys;
}

char *switch_describe_obstacle(const ContainerPlan *p, char *const *running) {
        _cleanup_strv_ char **keys = other_keys(p, running);

        if (keys) {
                _cleanup_free_ char *list = strv_join(keys, ", ");

                return xasprintf("%s changed, too", list);
        }
        if (!p->spec->init)
                return xstrdup("it runs a command");
        if (p->spec->one_shot)
                return xstrdup("oneShot is set");
        if (container_spec_closure(p->spec))
                return xstrdup("store is 'closure', and has nothing of the new system");
        if (!path_is_within(definition_get(running, DEFINITION_TOPLEVEL), p->store))
                return xstrdup("the new system is in another store");
        return NULL;
}

char *switch_find_inhibitor(const char *before, const char *after) {
        _cleanup_(json_freep) Json *old = NULL, *new = NULL;

        if (json_parse(before, strlen(before), NULL, &old, NULL) < 0 || json_type(old) != JSON_OBJECT ||
            json_parse(after, strlen(after), NULL, &new, NULL) < 0 || json_type(new) != JSON_OBJECT)
                return NULL;
        JSON_FOREACH (member, old) {
                const Json *other = json_get(new, json_key(member));

                if (other && json_type(member) == JSON_STRING && json_type(other) == JSON_STRING &&
                    !streq(json_string(member), json_string(other)))
                        return xstrdup(json_key(member));
        }
        return NULL;
}
