/* SPDX-License-Identifier: MIT */

#include <stdarg.h>
#include <string.h>

#include "base/alloc.h"
#include "import/draft.h"
#include "import/flake-text.h"
#include "import/tree-text.h"
#include "spec/spec-parse.h"

static const char *const format_words[] = {
        [DRAFT_FLAKE] = "flake",
        [DRAFT_JSON] = "json",
};

const char *draft_format_to_string(DraftFormat format) {
        return format_words[format];
}

DraftFormat draft_format_from_string(const char *word) {
        DraftFormat f = 0;

        while (f < _DRAFT_FORMAT_MAX && !streq(format_words[f], word))
                f++;
        return f;
}

Draft *draft_new(DraftFormat format) {
        Draft *draft = xnew0(Draft, 1);

        draft->format = format;
        draft->networks = json_new_object();
        return draft;
}

Draft *draft_free(Draft *draft) {
        if (!draft)
                return NULL;
        for (size_t i = 0; i < draft->n_containers; i++) {
                DraftContainer *c = &draft->containers[i];

                free(c->name);
                (void) json_free(c->spec);
                (void) json_free(c->system);
                (void) strv_free(c->configuration);
                (void) strv_free(c->notes);
        }
        free(draft->containers);
        free(draft->project);
        (void) json_free(draft->networks);
        (void) strv_free(draft->notes);
        free(draft);
        return NULL;
}

DraftContainer *draft_add(Draft *draft, const char *name) {
        DraftContainer *c = XGROW(draft->containers, draft->n_containers);

        c->name = xstrdup(name);
        c->spec = json_new_object();
        return c;
}

DraftContainer *draft_find(const Draft *draft, const char *name) {
        for (size_t i = 0; i < draft->n_containers; i++)
                if (streq(draft->containers[i].name, name))
                        return &draft->containers[i];
        return NULL;
}

void draft_note(char ***notes, const char *place, const char *format, ...) {
        _cleanup_free_ char *why = NULL;
        va_list ap;

        va_start(ap, format);
        why = xvasprintf(format, ap);
        va_end(ap);
        strv_push_take(notes, error_make_printable(xasprintf("%s%s%s", place, *place ? ": " : "", why)));
}

void draft_nix(DraftContainer *c, const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        strv_push_take(&c->configuration, xvasprintf(format, ap));
        va_end(ap);
}

/* ---- is it a specification? ---- */

/* A system that has all kinds of keys, for a look at the others. */
static Json *any_system(void) {
        Json *system = json_new_object();

        json_add_string(system, "rootfs", "root");
        return system;
}

static int check_document(Json *containers, const Json *networks, Error *reterr) {
        _cleanup_(json_freep) Json *document = json_new_object();
        _cleanup_free_ char *text = NULL;
        Spec *spec = NULL;
        int r;

        json_add_uint(document, "version", 1);
        if (networks && json_length(networks) > 0)
                json_add(document, "networks", json_copy(networks));
        json_add(document, "containers", containers);
        text = json_print(document, /* pretty= */ false);
        r = spec_parse(text, strlen(text), &spec, reterr);
        (void) spec_free(spec);
        return r;
}

/* Whether a container that has nothing else may have the key, and what is noted otherwise. */
static bool fits(DraftContainer *c, const char *key, Json *value, const char *place) {
        static const char beginning[] = "containers.";
        _cleanup_(error_done) Error error = ERROR_NULL;
        Json *containers = json_new_object(), *container = json_new_object();
        const char *message;

        json_add(container, "system", any_system());
        json_add(container, key, value);
        json_add(containers, c->name, container);
        if (check_document(containers, NULL, &error) >= 0)
                return true;
        message = startswith(error.message, beginning) ? strstr(error.message, ": ") : NULL;
        draft_note(&c->notes, place, "not carried over: %s", message ? message + 2 : error.message);
        return false;
}

/* The draft's own trees may be added to. */
static Json *member_of(Json *object, const char *key, JsonType type) {
        Json *member = (Json *) json_get(object, key);

        if (!member) {
                member = type == JSON_ARRAY ? json_new_array() : json_new_object();
                json_add(object, key, member);
        }
        return member;
}

void draft_set(DraftContainer *c, const char *key, Json *value, const char *place) {
        bool empty = json_type(value) == JSON_OBJECT && json_length(value) == 0;

        if (!empty && fits(c, key, json_copy(value), place))
                json_add(c->spec, key, value);
        else
                (void) json_free(value);
}

void draft_append(DraftContainer *c, const char *key, Json *item, const char *place) {
        const Json *before = json_get(c->spec, key);
        Json *with = before ? json_copy(before) : json_new_array();

        json_append(with, json_copy(item));
        if (fits(c, key, with, place))
                json_append(member_of(c->spec, key, JSON_ARRAY), item);
        else
                (void) json_free(item);
}

void draft_put(DraftContainer *c, const char *key, const char *name, Json *value, const char *place) {
        Json *alone = json_new_object();

        json_add(alone, name, json_copy(value));
        if (json_get(json_get(c->spec, key), name)) {
                draft_note(&c->notes, place, "'%s' is given twice: the first counts here", name);
                (void) json_free(alone);
        } else if (fits(c, key, alone, place)) {
                json_add(member_of(c->spec, key, JSON_OBJECT), name, value);
                return;
        }
        (void) json_free(value);
}

void draft_depend(DraftContainer *c, const char *other, const char *word) {
        Json *others = member_of(c->spec, "dependsOn", JSON_OBJECT);

        if (!json_get(others, other))
                json_add_string(others, other, word);
}

/* ---- writing ---- */

static Json *container_json(const DraftContainer *c, bool any) {
        Json *container = json_new_object();

        json_add(container, "system", any || !c->system ? any_system() : json_copy(c->system));
        JSON_FOREACH (member, c->spec)
                json_add(container, json_key(member), json_copy(member));
        return container;
}

static char *print_json(const Draft *draft) {
        _cleanup_(json_freep) Json *document = json_new_object();
        Json *containers = json_new_object(), *project;
        char *text = NULL;
        size_t size = 0;
        FILE *f = open_memstream(&text, &size);

        if (!f)
                abort();
        json_add_uint(document, "version", 1);
        if (draft->project) {
                project = json_new_object();
                json_add_string(project, "name", draft->project);
                json_add(document, "project", project);
        }
        if (json_length(draft->networks) > 0)
                json_add(document, "networks", json_copy(draft->networks));
        json_add(document, "containers", containers);
        for (size_t i = 0; i < draft->n_containers; i++)
                json_add(containers, draft->containers[i].name,
                         container_json(&draft->containers[i], /* any= */ false));
        (void) fputs("{\n", f);
        tree_text_write_members(f, document, TREE_JSON, 2);
        (void) fputs("}\n", f);
        if (fclose(f) != 0)
                abort();
        return text;
}

int draft_print(const Draft *draft, const char *frame, char **ret, Error *reterr) {
        bool flake = draft->format == DRAFT_FLAKE;
        Json *containers = json_new_object();
        int r;

        for (size_t i = 0; i < draft->n_containers; i++)
                json_add(containers, draft->containers[i].name,
                         container_json(&draft->containers[i], /* any= */ flake));
        r = check_document(containers, draft->networks, reterr);
        if (r < 0)
                return error_prefix(reterr, r, "what it would become is refused");
        if (flake)
                return flake_text(draft, frame, ret, reterr);
        *ret = print_json(draft);
        return 0;
}

char **draft_notes(const Draft *draft) {
        char **all = strv_copy(draft->notes);

        for (size_t i = 0; i < draft->n_containers; i++)
                strv_extend(&all, draft->containers[i].notes);
        return all;
}
