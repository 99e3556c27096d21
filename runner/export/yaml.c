/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "base/strv.h"
#include "export/yaml.h"

/* The parts of the text, which are joined at the end. */
typedef struct Yaml {
        char **parts;
} Yaml;

static void yaml_value(Yaml *y, const Json *value, size_t indent, bool in_list);

static bool is_empty(const Json *value) {
        JsonType type = json_type(value);

        return (type != JSON_OBJECT && type != JSON_ARRAY) || !json_first(value);
}

/* A plain word means in YAML what it does in JSON, and nothing else. */
static bool is_plain_key(const char *key) {
        static const char *const words[] = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"};

        if (!((key[0] >= 'a' && key[0] <= 'z') || (key[0] >= 'A' && key[0] <= 'Z')))
                return false;
        for (size_t i = 0; i < ELEMENTSOF(words); i++)
                if (strcasecmp(key, words[i]) == 0)
                        return false;
        return key[strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789./-_")] ==
               '\0';
}

static void yaml_key(Yaml *y, const char *key) {
        _cleanup_(json_freep) Json *json = json_new_string(key);

        strv_push_take(&y->parts, is_plain_key(key) ? xstrdup(key) : json_print(json, /* pretty= */ false));
        strv_push(&y->parts, ":");
}

/* The first member of an element of a list stands behind the dash. */
static void yaml_member(Yaml *y, const char *key, const Json *value, size_t indent, bool behind_dash) {
        if (!behind_dash)
                strv_pushf(&y->parts, "%*s", (int) indent, "");
        if (key)
                yaml_key(y, key);
        else
                strv_push(&y->parts, "-");
        if (is_empty(value) || !key)
                strv_push(&y->parts, " ");
        else
                strv_push(&y->parts, "\n");
        yaml_value(y, value, indent + 2, !key);
}

static void yaml_value(Yaml *y, const Json *value, size_t indent, bool in_list) {
        bool behind_dash = in_list;

        if (is_empty(value)) {
                strv_push_take(&y->parts, json_print(value, /* pretty= */ false));
                strv_push(&y->parts, "\n");
                return;
        }
        JSON_FOREACH (child, value) {
                yaml_member(y, json_type(value) == JSON_OBJECT ? json_key(child) : NULL, child, indent,
                            behind_dash);
                behind_dash = false;
        }
}

char *yaml_print(const Json *json) {
        Yaml y = {0};
        char *text;

        strv_push(&y.parts, "---\n");
        yaml_value(&y, json, 0, /* in_list= */ false);
        text = strv_join(y.parts, "");
        strv_free(y.parts);
        return text;
}
