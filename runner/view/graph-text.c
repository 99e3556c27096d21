/* SPDX-License-Identifier: MIT */

#include <stdlib.h>

#include "base/alloc.h"
#include "base/json.h"
#include "screen/buffer.h"
#include "spec/dependency.h"
#include "view/graph-text.h"

/* Of the text form. A longer name stands in a line of its own. */
#define WIDTH      80
#define NAME_WIDTH 20

GraphFormat graph_format_from_string(const char *s) {
        static const char *const table[] = {
                [GRAPH_TEXT] = "text",
                [GRAPH_MERMAID] = "mermaid",
                [GRAPH_DOT] = "dot",
                [GRAPH_JSON] = "json",
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                if (streq(s, table[i]))
                        return (GraphFormat) i;
        return _GRAPH_FORMAT_INVALID;
}

/* ---- what there is ---- */

typedef struct Node {
        const ContainerSpec *spec;
        size_t index; /* in the order of starting */
        size_t group; /* what starts when all of the group before has come as far as it needs: from 1 on */
} Node;

typedef struct Graph {
        Node *by_name;
        Node **nodes; /* in the order of starting */
        size_t n;
} Graph;

static void graph_done(Graph *graph) {
        free(graph->by_name);
        free(graph->nodes);
}

static int compare_node_names(const void *a, const void *b) {
        return strcmp(((const Node *) a)->spec->name, ((const Node *) b)->spec->name);
}

static int compare_node_name(const void *name, const void *node) {
        return strcmp(name, ((const Node *) node)->spec->name);
}

static Node *graph_find(const Graph *graph, const char *name) {
        return bsearch(name, graph->by_name, graph->n, sizeof(*graph->by_name), compare_node_name);
}

static int compare_spec_name(const void *name, const void *c) {
        return strcmp(name, (*(const ContainerSpec *const *) c)->name);
}

static int compare_spec_names(const void *a, const void *b) {
        return strcmp((*(const ContainerSpec *const *) a)->name, (*(const ContainerSpec *const *) b)->name);
}

/* Names are found by halving: a specification may have 50,000 containers. */
static void graph_make(const Spec *spec, char *const *names, Graph *ret) {
        _cleanup_free_ const ContainerSpec **all = xnew0(const ContainerSpec *, spec->n_containers);
        _cleanup_strv_ char **order = dependencies_order(spec, names);
        Graph graph = {.n = strv_length(order)};

        graph.by_name = xnew0(Node, graph.n);
        graph.nodes = xnew0(Node *, graph.n);
        for (size_t i = 0; i < spec->n_containers; i++)
                all[i] = &spec->containers[i];
        qsort(all, spec->n_containers, sizeof(*all), compare_spec_names);
        for (size_t i = 0; i < graph.n; i++)
                graph.by_name[i] = (Node){
                        .spec = *(const ContainerSpec **) bsearch(order[i], all, spec->n_containers,
                                                                  sizeof(*all), compare_spec_name),
                        .index = i,
                };
        qsort(graph.by_name, graph.n, sizeof(*graph.by_name), compare_node_names);
        for (size_t i = 0; i < graph.n; i++)
                graph.nodes[graph.by_name[i].index] = &graph.by_name[i];
        for (size_t i = 0; i < graph.n; i++) {
                Node *node = graph.nodes[i];

                node->group = 1;
                for (size_t k = 0; k < node->spec->n_dependencies; k++) {
                        const Node *other = graph_find(&graph, node->spec->dependencies[k].name);

                        if (other->group >= node->group)
                                node->group = other->group + 1;
                }
        }
        *ret = graph;
}

/* A range is one text, as it was written. */
static char **describe_ports(const ContainerSpec *c) {
        char **texts = NULL;

        for (size_t first = 0, end; first < c->n_ports; first = end) {
                const Port *p = &c->ports[first], *last;
                _cleanup_free_ char *address = NULL, *host = NULL, *inside = NULL;

                for (end = first + 1; end < c->n_ports && c->ports[end].element == p->element;)
                        end++;
                last = &c->ports[end - 1];
                address = !p->address               ? xstrdup("")
                          : strchr(p->address, ':') ? xasprintf("[%s]:", p->address)
                                                    : xasprintf("%s:", p->address);
                host = p->host == 0 ? xstrdup("auto")
                       : p == last  ? xasprintf("%u", p->host)
                                    : xasprintf("%u-%u", p->host, last->host);
                inside = p == last ? xasprintf("%u", p->container)
                                   : xasprintf("%u-%u", p->container, last->container);
                strv_pushf(&texts, "%s%s:%s%s", address, host, inside, p->udp ? "/udp" : "");
        }
        return texts;
}

/* ---- text ---- */

/* Words with commas behind all but the last, from column @indent on. */
static void append_words(Buffer *buffer, size_t indent, const char *first, char *const *words) {
        size_t column = indent + strlen(first);

        buffer_appendf(buffer, "%s", first);
        STRV_FOREACH (word, words) {
                size_t n = strlen(*word) + (word[1] ? 1 : 0);
                bool begins = word == words && first[0] == '\0';

                if (!begins && column + 1 + n > WIDTH) {
                        buffer_appendf(buffer, "\n%*s", (int) indent, "");
                        column = indent;
                } else if (!begins) {
                        buffer_appendf(buffer, " ");
                        column++;
                }
                buffer_appendf(buffer, "%s%s", *word, word[1] ? "," : "");
                column += n;
        }
        buffer_appendf(buffer, "\n");
}

static void append_node(Buffer *buffer, const Node *node, size_t name_column, size_t detail_column) {
        const ContainerSpec *c = node->spec;
        _cleanup_strv_ char **ports = describe_ports(c), **needs = NULL;
        size_t end = name_column + strlen(c->name);

        for (size_t i = 0; i < c->n_dependencies; i++)
                strv_pushf(&needs, "%s (%s)", c->dependencies[i].name,
                           dependency_need_to_string(c->dependencies[i].need));
        buffer_appendf(buffer, "%s", c->name);
        if (!ports && !needs && !c->one_shot) {
                buffer_appendf(buffer, "\n");
                return;
        }
        if (end + 2 > detail_column)
                buffer_appendf(buffer, "\n%*s", (int) detail_column, "");
        else
                buffer_append_fill(buffer, ' ', detail_column - end);
        if (ports || c->one_shot)
                append_words(buffer, detail_column, c->one_shot ? "one-shot" : "", ports);
        if ((ports || c->one_shot) && needs)
                buffer_append_fill(buffer, ' ', detail_column);
        if (needs)
                append_words(buffer, detail_column, "after", needs);
}

static int compare_groups(const void *a, const void *b) {
        const Node *x = *(Node *const *) a, *y = *(Node *const *) b;

        return x->group != y->group ? (x->group > y->group) - (x->group < y->group)
                                    : (x->index > y->index) - (x->index < y->index);
}

static char *graph_as_text(const Graph *graph) {
        _cleanup_free_ Node **nodes = xnew0(Node *, graph->n);
        _cleanup_buffer_ Buffer buffer = {};
        size_t width = 0, column;

        for (size_t i = 0; i < graph->n; i++) {
                size_t n = strlen(graph->nodes[i]->spec->name);

                nodes[i] = graph->nodes[i];
                width = n > width && n <= NAME_WIDTH ? n : width;
        }
        qsort(nodes, graph->n, sizeof(Node *), compare_groups);
        column = (size_t) snprintf(NULL, 0, "%zu", graph->n > 0 ? nodes[graph->n - 1]->group : 0) + 2;
        for (size_t i = 0; i < graph->n; i++) {
                if (i == 0 || nodes[i]->group != nodes[i - 1]->group)
                        buffer_appendf(&buffer, "%-*zu", (int) column, nodes[i]->group);
                else
                        buffer_append_fill(&buffer, ' ', column);
                append_node(&buffer, nodes[i], column, column + width + 2);
        }
        return buffer_steal(&buffer);
}

/* ---- what others draw ---- */

/* A node's label, the parts on lines of their own. */
static char *describe_node(const ContainerSpec *c, const char *new_line) {
        _cleanup_strv_ char **parts = NULL, **ports = describe_ports(c);

        strv_push(&parts, c->name);
        if (c->one_shot)
                strv_push(&parts, "one-shot");
        strv_extend(&parts, ports);
        return strv_join(parts, new_line);
}

static char *graph_as_mermaid(const Graph *graph) {
        _cleanup_buffer_ Buffer buffer = {};

        buffer_appendf(&buffer, "flowchart LR\n");
        for (size_t i = 0; i < graph->n; i++) {
                const ContainerSpec *c = graph->nodes[i]->spec;
                _cleanup_free_ char *label = describe_node(c, "<br>");

                /* A name such as "end" would be a word of the language. */
                buffer_appendf(&buffer, c->one_shot ? "    c%zu([\"%s\"])\n" : "    c%zu[\"%s\"]\n", i,
                               label);
        }
        for (size_t i = 0; i < graph->n; i++) {
                const ContainerSpec *c = graph->nodes[i]->spec;

                for (size_t k = 0; k < c->n_dependencies; k++)
                        buffer_appendf(&buffer, "    c%zu -->|%s| c%zu\n", i,
                                       dependency_need_to_string(c->dependencies[k].need),
                                       graph_find(graph, c->dependencies[k].name)->index);
        }
        return buffer_steal(&buffer);
}

static char *graph_as_dot(const Graph *graph) {
        _cleanup_buffer_ Buffer buffer = {};

        buffer_appendf(&buffer, "digraph containers {\n    rankdir=LR;\n    node [shape=box];\n");
        for (size_t i = 0; i < graph->n; i++) {
                const ContainerSpec *c = graph->nodes[i]->spec;
                _cleanup_free_ char *label = describe_node(c, "\\n");

                buffer_appendf(&buffer, "    \"%s\" [label=\"%s\"%s];\n", c->name, label,
                               c->one_shot ? ", style=rounded" : "");
        }
        for (size_t i = 0; i < graph->n; i++) {
                const ContainerSpec *c = graph->nodes[i]->spec;

                for (size_t k = 0; k < c->n_dependencies; k++)
                        buffer_appendf(&buffer, "    \"%s\" -> \"%s\" [label=\"%s\"];\n", c->name,
                                       c->dependencies[k].name,
                                       dependency_need_to_string(c->dependencies[k].need));
        }
        buffer_appendf(&buffer, "}\n");
        return buffer_steal(&buffer);
}

static char *graph_as_json(const Graph *graph) {
        _cleanup_(json_freep) Json *document = json_new_object();
        _cleanup_free_ char *text = NULL;
        Json *list = json_new_array();

        for (size_t i = 0; i < graph->n; i++) {
                const ContainerSpec *c = graph->nodes[i]->spec;
                _cleanup_strv_ char **ports = describe_ports(c);
                Json *o = json_new_object(), *needs = json_new_object();

                for (size_t k = 0; k < c->n_dependencies; k++)
                        json_add_string(needs, c->dependencies[k].name,
                                        dependency_need_to_string(c->dependencies[k].need));
                json_add_string(o, "name", c->name);
                json_add_uint(o, "group", graph->nodes[i]->group);
                json_add_bool(o, "oneShot", c->one_shot);
                json_add_strv(o, "ports", ports);
                json_add(o, "dependsOn", needs);
                json_append(list, o);
        }
        json_add(document, "containers", list);
        text = json_print(document, /* pretty= */ false);
        return xasprintf("%s\n", text);
}

char *graph_text(const Spec *spec, char *const *names, GraphFormat format) {
        static char *(*const printers[])(const Graph *graph) = {
                [GRAPH_TEXT] = graph_as_text,
                [GRAPH_MERMAID] = graph_as_mermaid,
                [GRAPH_DOT] = graph_as_dot,
                [GRAPH_JSON] = graph_as_json,
        };
        _cleanup_(graph_done) Graph graph = {};

        graph_make(spec, names, &graph);
        return printers[format](&graph);
}
