/* SPDX-License-Identifier: MIT */

#include <string.h>
#include <yaml.h>

#include "base/alloc.h"
#include "base/library.h"
#include "import/yaml.h"

static Library yaml_library = {
        .soname = FC_YAML_SONAME,
        .path = FC_YAML_PATH,
        .hint = "install " FC_YAML_SONAME " (Debian: libyaml-0-2)",
};
LIBRARY_NOTE("yaml", "suggested", FC_YAML_SONAME);

#define yaml_parser_initialize       LIBRARY_FUNCTION(yaml_library, yaml_parser_initialize)
#define yaml_parser_delete           LIBRARY_FUNCTION(yaml_library, yaml_parser_delete)
#define yaml_parser_set_input_string LIBRARY_FUNCTION(yaml_library, yaml_parser_set_input_string)
#define yaml_parser_set_encoding     LIBRARY_FUNCTION(yaml_library, yaml_parser_set_encoding)
#define yaml_parser_parse            LIBRARY_FUNCTION(yaml_library, yaml_parser_parse)
#define yaml_event_delete            LIBRARY_FUNCTION(yaml_library, yaml_event_delete)

typedef struct Anchor {
        char *name;
        Json *node;
} Anchor;

typedef struct Reader {
        yaml_parser_t parser;
        yaml_event_t event; /* the last one */
        Anchor *anchors;
        size_t n_anchors, n_nodes;
} Reader;

/* Of what begins at the last event. */
static size_t line_of(const Reader *r) {
        return r->event.start_mark.line + 1;
}

static int next_event(Reader *reader, Error *reterr) {
        yaml_parser_t *p = &reader->parser;

        yaml_event_delete(&reader->event);
        if (yaml_parser_parse(p, &reader->event))
                return 0;
        memset(&reader->event, 0, sizeof(reader->event));
        return error_raise(reterr, FC_EXIT_USAGE, "line %zu: %s%s%s", p->problem_mark.line + 1,
                           p->problem ? p->problem : "is not YAML", p->context ? " " : "",
                           p->context ? p->context : "");
}

static int count_node(Reader *reader, Error *reterr) {
        if (++reader->n_nodes <= YAML_NODES_MAX)
                return 0;
        return error_raise(reterr, FC_EXIT_USAGE,
                           "line %zu: with what its anchors stand for, the document has more than %d values",
                           line_of(reader), YAML_NODES_MAX);
}

static int count_tree(Reader *reader, const Json *tree, Error *reterr) {
        int r = count_node(reader, reterr);

        if (json_type(tree) == JSON_ARRAY || json_type(tree) == JSON_OBJECT)
                JSON_FOREACH (child, tree)
                        if (r >= 0)
                                r = count_tree(reader, child, reterr);
        return r;
}

/* A name that is given again stands for the later one. */
static void remember(Reader *reader, const yaml_char_t *name, const Json *node) {
        if (name)
                *XGROW(reader->anchors, reader->n_anchors) =
                        (Anchor){.name = xstrdup((const char *) name), .node = json_copy(node)};
}

static int read_alias(Reader *reader, Json **ret, Error *reterr) {
        const char *name = (const char *) reader->event.data.alias.anchor;

        for (size_t i = reader->n_anchors; i-- > 0;)
                if (streq(reader->anchors[i].name, name)) {
                        int r = count_tree(reader, reader->anchors[i].node, reterr);

                        if (r < 0)
                                return r;
                        *ret = json_copy(reader->anchors[i].node);
                        return 0;
                }
        return error_raise(reterr, FC_EXIT_USAGE, "line %zu: there is no '&%s' above", line_of(reader),
                           name);
}

static bool is_plain_null(const yaml_event_t *e, const char *text) {
        static const char *const words[] = {"", "~", "null", "Null", "NULL"};

        for (size_t i = 0; i < ELEMENTSOF(words); i++)
                if (e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && streq(text, words[i]))
                        return true;
        return false;
}

static int read_scalar(Reader *reader, Json **ret, Error *reterr) {
        const yaml_event_t *e = &reader->event;
        const char *text = (const char *) e->data.scalar.value;

        if (strlen(text) != e->data.scalar.length)
                return error_raise(reterr, FC_EXIT_USAGE, "line %zu: there is a NUL in a value",
                                   line_of(reader));
        *ret = is_plain_null(e, text) ? json_new_null() : json_new_string(text);
        remember(reader, e->data.scalar.anchor, *ret);
        return 0;
}

static int read_node(Reader *reader, unsigned depth, Json **ret, Error *reterr);

static int read_sequence(Reader *reader, unsigned depth, Json **ret, Error *reterr) {
        _cleanup_free_ char *anchor = NULL;
        _cleanup_(json_freep) Json *array = json_new_array();
        size_t n = 0;
        int r;

        if (reader->event.data.sequence_start.anchor)
                anchor = xstrdup((const char *) reader->event.data.sequence_start.anchor);
        for (;;) {
                Json *item;

                r = next_event(reader, reterr);
                if (r < 0)
                        return r;
                if (reader->event.type == YAML_SEQUENCE_END_EVENT)
                        break;
                if (++n > YAML_CHILDREN_MAX)
                        return error_raise(reterr, FC_EXIT_USAGE, "line %zu: a list has more than %d items",
                                           line_of(reader), YAML_CHILDREN_MAX);
                r = read_node(reader, depth, &item, reterr);
                if (r < 0)
                        return r;
                json_append(array, item);
        }
        remember(reader, (const yaml_char_t *) anchor, array);
        *ret = TAKE_PTR(array);
        return 0;
}

/* What the mapping says itself counts more, and of several merged ones the first. */
static int merge(Json *into, const Json *from, size_t line, Error *reterr) {
        int r = 0;

        if (json_type(from) == JSON_ARRAY) {
                JSON_FOREACH (each, from)
                        if (r >= 0)
                                r = json_type(each) == JSON_ARRAY
                                            ? error_raise(
                                                      reterr, FC_EXIT_USAGE,
                                                      "line %zu: '<<' must be a mapping or a list of them",
                                                      line)
                                            : merge(into, each, line, reterr);
                return r;
        }
        if (json_type(from) != JSON_OBJECT)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "line %zu: '<<' must be a mapping or a list of them", line);
        JSON_FOREACH (member, from)
                if (!json_get(into, json_key(member)))
                        json_add(into, json_key(member), json_copy(member));
        if (json_length(into) > YAML_CHILDREN_MAX)
                return error_raise(reterr, FC_EXIT_USAGE, "line %zu: a mapping has more than %d keys", line,
                                   YAML_CHILDREN_MAX);
        return 0;
}

/* @ret_key: owned by the caller; NULL: the mapping ends. */
static int read_key(Reader *reader, const Json *object, char **ret_key, bool *ret_merges, Error *reterr) {
        const char *text;
        int r = next_event(reader, reterr);

        *ret_key = NULL;
        if (r < 0 || reader->event.type == YAML_MAPPING_END_EVENT)
                return r;
        if (reader->event.type != YAML_SCALAR_EVENT)
                return error_raise(reterr, FC_EXIT_USAGE, "line %zu: a key is not a word", line_of(reader));
        text = (const char *) reader->event.data.scalar.value;
        if (strlen(text) != reader->event.data.scalar.length)
                return error_raise(reterr, FC_EXIT_USAGE, "line %zu: there is a NUL in a key",
                                   line_of(reader));
        if (json_get(object, text))
                return error_raise(reterr, FC_EXIT_USAGE, "line %zu: '%.64s' is given twice",
                                   line_of(reader), text);
        *ret_merges = streq(text, "<<") && reader->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
        *ret_key = xstrdup(text);
        return 0;
}

static int read_mapping(Reader *reader, unsigned depth, Json **ret, Error *reterr) {
        _cleanup_free_ char *anchor = NULL;
        _cleanup_(json_freep) Json *object = json_new_object(), *merged = json_new_array();
        size_t line = line_of(reader), n = 0;
        int r;

        if (reader->event.data.mapping_start.anchor)
                anchor = xstrdup((const char *) reader->event.data.mapping_start.anchor);
        for (;;) {
                _cleanup_free_ char *key = NULL;
                bool merges = false;
                Json *value;

                r = read_key(reader, object, &key, &merges, reterr);
                if (r < 0)
                        return r;
                if (!key)
                        break;
                if (++n > YAML_CHILDREN_MAX)
                        return error_raise(reterr, FC_EXIT_USAGE,
                                           "line %zu: a mapping has more than %d keys", line_of(reader),
                                           YAML_CHILDREN_MAX);
                r = next_event(reader, reterr);
                if (r >= 0)
                        r = read_node(reader, depth, &value, reterr);
                if (r < 0)
                        return r;
                if (merges)
                        json_append(merged, value);
                else
                        json_add(object, key, value);
        }
        JSON_FOREACH (each, merged) {
                r = merge(object, each, line, reterr);
                if (r < 0)
                        return r;
        }
        remember(reader, (const yaml_char_t *) anchor, object);
        *ret = TAKE_PTR(object);
        return 0;
}

static const char *tag_of(const yaml_event_t *e) {
        const yaml_char_t *tag = e->type == YAML_SCALAR_EVENT           ? e->data.scalar.tag
                                 : e->type == YAML_SEQUENCE_START_EVENT ? e->data.sequence_start.tag
                                 : e->type == YAML_MAPPING_START_EVENT  ? e->data.mapping_start.tag
                                                                        : NULL;

        return (const char *) tag;
}

/* What begins with the last event. */
static int read_node(Reader *reader, unsigned depth, Json **ret, Error *reterr) {
        const char *tag = tag_of(&reader->event);
        int r;

        if (tag && !startswith(tag, "tag:yaml.org,2002:"))
                return error_raise(reterr, FC_EXIT_USAGE, "line %zu: the tag '%.64s' means nothing here",
                                   line_of(reader), tag);
        if (depth >= YAML_DEPTH_MAX)
                return error_raise(reterr, FC_EXIT_USAGE, "line %zu: nested more than %d levels deep",
                                   line_of(reader), YAML_DEPTH_MAX);
        if (reader->n_anchors > YAML_ANCHORS_MAX)
                return error_raise(reterr, FC_EXIT_USAGE, "line %zu: there are more than %d anchors",
                                   line_of(reader), YAML_ANCHORS_MAX);
        if (reader->event.type == YAML_ALIAS_EVENT)
                return read_alias(reader, ret, reterr);
        r = count_node(reader, reterr);
        if (r < 0)
                return r;
        switch (reader->event.type) {
        case YAML_SCALAR_EVENT:
                return read_scalar(reader, ret, reterr);
        case YAML_SEQUENCE_START_EVENT:
                return read_sequence(reader, depth + 1, ret, reterr);
        case YAML_MAPPING_START_EVENT:
                return read_mapping(reader, depth + 1, ret, reterr);
        default:
                return error_raise(reterr, FC_EXIT_USAGE, "line %zu: there is no value", line_of(reader));
        }
}

static int read_whole(Reader *reader, Json **ret, Error *reterr) {
        _cleanup_(json_freep) Json *tree = NULL;
        int r = next_event(reader, reterr); /* that it begins */

        if (r >= 0)
                r = next_event(reader, reterr);
        if (r >= 0 && reader->event.type == YAML_STREAM_END_EVENT) {
                *ret = json_new_null();
                return 0;
        }
        if (r >= 0)
                r = next_event(reader, reterr);
        if (r >= 0)
                r = read_node(reader, 0, &tree, reterr);
        if (r >= 0)
                r = next_event(reader, reterr); /* that the document ends */
        if (r >= 0)
                r = next_event(reader, reterr);
        if (r >= 0 && reader->event.type != YAML_STREAM_END_EVENT)
                r = error_raise(reterr, FC_EXIT_USAGE,
                                "line %zu: a second document begins, and one is taken", line_of(reader));
        if (r >= 0)
                *ret = TAKE_PTR(tree);
        return r;
}

int yaml_parse(const char *text, size_t size, Json **ret, Error *reterr) {
        Reader reader = {};
        int r;

        if (size > YAML_SIZE_MAX)
                return error_raise(reterr, FC_EXIT_USAGE, "is larger than %d bytes", YAML_SIZE_MAX);
        r = library_open(&yaml_library, reterr);
        if (r < 0)
                return r;
        if (!yaml_parser_initialize(&reader.parser))
                abort();
        yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(&reader.parser, (const unsigned char *) text, size);
        r = read_whole(&reader, ret, reterr);
        yaml_event_delete(&reader.event);
        yaml_parser_delete(&reader.parser);
        for (size_t i = 0; i < reader.n_anchors; i++) {
                free(reader.anchors[i].name);
                (void) json_free(reader.anchors[i].node);
        }
        free(reader.anchors);
        return r;
}
