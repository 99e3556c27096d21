/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "spec/spec-parse.h"
#include "test.h"
#include "view/graph-text.h"

#define INIT    "\"system\": {\"rootfs\": \"/i\"}"
#define COMMAND INIT ", \"command\": [\"/c\"]"

/* Of a specification in which what is needed stands behind what needs it. */
static const char *const shop =
        "\"web\": {" INIT
        ", \"ports\": [\"8080:80\", \"[::1]:8443:443\", \"auto:53/udp\", \"9000-9002:90-92\"],"
        " \"dependsOn\": {\"db\": \"ready\", \"cache\": \"started\", \"migrate\": \"completed\"}},"
        "\"migrate\": {" COMMAND ", \"oneShot\": true, \"dependsOn\": {\"db\": \"ready\"}},"
        "\"db\": {" INIT ", \"ports\": [\"127.0.0.1:5432:5432\"]},"
        "\"cache\": {" INIT "},"
        "\"end\": {" INIT ", \"dependsOn\": {\"a-name-that-is-too-long-for-the-column\": \"started\"}},"
        "\"a-name-that-is-too-long-for-the-column\": {" INIT ", \"ports\": [\"1:1\"]}";

static char *draw(const char *containers, const char *name, GraphFormat format) {
        _cleanup_free_ char *text = xasprintf("{\"version\": 1, \"containers\": {%s}}", containers);
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_(spec_freep) Spec *spec = NULL;
        _cleanup_strv_ char **names = NULL;

        ASSERT_OK(spec_parse(text, strlen(text), &spec, &error), &error);
        for (size_t i = 0; i < spec->n_containers; i++)
                if (!name || streq(name, spec->containers[i].name))
                        strv_push(&names, spec->containers[i].name);
        return graph_text(spec, names, format);
}

static void expect(const char *name, GraphFormat format, const char *expected) {
        _cleanup_free_ char *text = draw(shop, name, format);

        test_set_row("%s %d", name ? name : "all", (int) format);
        ASSERT_STREQ(text, expected);
}

TEST(text) {
        expect(NULL, GRAPH_TEXT,
               "1  db       127.0.0.1:5432:5432\n"
               "   cache\n"
               "   a-name-that-is-too-long-for-the-column\n"
               "            1:1\n"
               "2  migrate  one-shot\n"
               "            after db (ready)\n"
               "   end      after a-name-that-is-too-long-for-the-column (started)\n"
               "3  web      8080:80, [::1]:8443:443, auto:53/udp, 9000-9002:90-92\n"
               "            after db (ready), cache (started), migrate (completed)\n");
        expect("migrate", GRAPH_TEXT,
               "1  db       127.0.0.1:5432:5432\n"
               "2  migrate  one-shot\n"
               "            after db (ready)\n");
        expect("cache", GRAPH_TEXT, "1  cache\n");
}

TEST(mermaid) {
        expect(NULL, GRAPH_MERMAID,
               "flowchart LR\n"
               "    c0[\"db<br>127.0.0.1:5432:5432\"]\n"
               "    c1[\"cache\"]\n"
               "    c2([\"migrate<br>one-shot\"])\n"
               "    c3[\"web<br>8080:80<br>[::1]:8443:443<br>auto:53/udp<br>9000-9002:90-92\"]\n"
               "    c4[\"a-name-that-is-too-long-for-the-column<br>1:1\"]\n"
               "    c5[\"end\"]\n"
               "    c2 -->|ready| c0\n"
               "    c3 -->|ready| c0\n"
               "    c3 -->|started| c1\n"
               "    c3 -->|completed| c2\n"
               "    c5 -->|started| c4\n");
}

TEST(dot) {
        expect(NULL, GRAPH_DOT,
               "digraph containers {\n"
               "    rankdir=LR;\n"
               "    node [shape=box];\n"
               "    \"db\" [label=\"db\\n127.0.0.1:5432:5432\"];\n"
               "    \"cache\" [label=\"cache\"];\n"
               "    \"migrate\" [label=\"migrate\\none-shot\", style=rounded];\n"
               "    \"web\" [label=\"web\\n8080:80\\n[::1]:8443:443\\nauto:53/udp\\n9000-9002:90-92\"];\n"
               "    \"a-name-that-is-too-long-for-the-column\" "
               "[label=\"a-name-that-is-too-long-for-the-column\\n1:1\"];\n"
               "    \"end\" [label=\"end\"];\n"
               "    \"migrate\" -> \"db\" [label=\"ready\"];\n"
               "    \"web\" -> \"db\" [label=\"ready\"];\n"
               "    \"web\" -> \"cache\" [label=\"started\"];\n"
               "    \"web\" -> \"migrate\" [label=\"completed\"];\n"
               "    \"end\" -> \"a-name-that-is-too-long-for-the-column\" [label=\"started\"];\n"
               "}\n");
}

TEST(json) {
        expect("migrate", GRAPH_JSON,
               "{\"containers\":[{\"name\":\"db\",\"group\":1,\"oneShot\":false,\"ports\":[\"127.0.0.1:5432:"
               "5432\"],\"dependsOn\":{}},{\"name\":\"migrate\",\"group\":2,\"oneShot\":true,\"ports\":[],"
               "\"dependsOn\":{\"db\":\"ready\"}}]}\n");
}

/* However much there is to say of one. */
TEST(text_keeps_to_its_width) {
        enum { N = 30 };
        _cleanup_strv_ char **ports = NULL, **needs = NULL, **others = NULL;
        _cleanup_free_ char *port_list = NULL, *need_list = NULL, *other_list = NULL, *containers = NULL,
                            *text = NULL;
        char *line, *save = NULL;

        for (unsigned i = 0; i < N; i++) {
                strv_pushf(&ports, "\"127.0.0.1:%u:%u\"", 10000 + i, 1 + i);
                strv_pushf(&needs, "\"needed-%u\": \"started\"", i);
                strv_pushf(&others, "\"needed-%u\": {" INIT "}", i);
        }
        port_list = strv_join(ports, ", ");
        need_list = strv_join(needs, ", ");
        other_list = strv_join(others, ", ");
        containers = xasprintf("\"one\": {" INIT ", \"ports\": [%s], \"dependsOn\": {%s}}, %s", port_list,
                               need_list, other_list);
        text = draw(containers, NULL, GRAPH_TEXT);
        for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
                ASSERT_TRUE(strlen(line) <= 80);
}

/* A chain as long as a specification can have it, in no time. */
TEST(long_chain) {
        enum { N = 3000 };
        _cleanup_free_ char *containers = xmalloc0(N * 100), *text = NULL;
        char *q = containers;

        for (unsigned i = 0; i < N; i++)
                q += sprintf(q, "%s\"c%u\": {" INIT "%s%u%s}", i > 0 ? "," : "", i,
                             i > 0 ? ", \"dependsOn\": {\"c" : ", \"ports\": [\"1:", i > 0 ? i - 1 : 1,
                             i > 0 ? "\": \"ready\"}" : "\"]");
        text = draw(containers, NULL, GRAPH_TEXT);
        ASSERT_TRUE(strstr(text, "\n3000  c2999  after c2998 (ready)\n"));
}
