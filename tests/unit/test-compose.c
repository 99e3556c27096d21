/* SPDX-License-Identifier: MIT */

/* What whole files become is in tests/import. */

#include "test.h"

#include "base/alloc.h"
#include "import/compose.h"
#include "import/interpolate.h"
#include "import/tree-text.h"
#include "import/yaml.h"

static int import(const char *text, char **ret, Error *reterr) {
        _cleanup_(draft_freep) Draft *draft = NULL;
        _cleanup_(json_freep) Json *tree = NULL;
        const ComposeInput input = {.prefix = "", .format = DRAFT_JSON};
        int r;

        r = yaml_parse(text, strlen(text), &tree, reterr);
        if (r >= 0)
                r = compose_import(tree, &input, &draft, reterr);
        return r < 0 ? r : draft_print(draft, NULL, ret, reterr);
}

TEST(refuses) {
        static const struct {
                const char *text, *message;
        } table[] = {
                {"", "is not a compose file: it must be a mapping"},
                {"[services]", "is not a compose file: it must be a mapping"},
                {"version: '3'", "services: must be a mapping with at least one service"},
                {"services: [a]", "services: must be a mapping with at least one service"},
                {"services: {}", "services: must be a mapping with at least one service"},
                {"services: {a: }", "services.a: must be a mapping"},
                {"services: {_: {image: x}}", "services._: no container can be called so"},
                {"services: {a_b: {image: x}, a-b: {image: x}}",
                 "services.a-b: would be called 'a-b' as another one is"},
                {"{services: {a: {image: x}}, volumes: {a_b: , a-b: }}",
                 "volumes.a-b: would be called 'a-b' as another one is"},
                {"{services: {a: {image: x}}, networks: {a_b: , a-b: }}",
                 "networks.a-b: would be called 'a-b' as another one is"},
                {"services: {a: {image: $}}", "services.a.image: a single '$' is written '$$'"},
                {"services: {a: {image: '${X'}}", "services.a.image: a '${' has no '}'"},
                {"services: {a: {image: '${X!y}'}}", "services.a.image: '${X!y}' is not ${NAME}"},
                {"services: {a: {image: '${}'}}", "services.a.image: '${}' is not ${NAME}"},
                {"services: {a: {image: '${X:?no}'}}",
                 "services.a.image: the variable 'X' is demanded, and .env does not"},
                {"services: {a: {image: nginx, ports: ['1:1']}, b: {image: nginx, ports: ['1:2']}}",
                 "what it would become is refused: containers.b.ports[0]"},
                {"services: {a: {image: nginx, depends_on: [b]}, b: {image: nginx, depends_on: [a]}}",
                 "what it would become is refused: containers."},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                _cleanup_free_ char *text = NULL;

                test_set_row("%zu: %s", i, table[i].text);
                ASSERT_ERROR(import(table[i].text, &text, &error), &error, FC_EXIT_USAGE, table[i].message);
        }
}

TEST(interpolates) {
        static const struct {
                const char *text, *expected;
        } table[] = {
                {"", ""},
                {"a", "a"},
                {"$A", "1"},
                {"${A}", "1"},
                {"$A$A-${A}x", "11-1x"},
                {"$$A $${A}", "$A ${A}"},
                {"[$NONE]", "[]"},
                {"${A:-x}${A-x}", "11"},
                {"${NONE:-x}${NONE-x}", "xx"},
                {"${EMPTY:-x}${EMPTY-x}", "x"},
                {"${NONE:-}", ""},
                {"${A:+x}${A+x}", "xx"},
                {"${EMPTY:+x}${EMPTY+x}", "x"},
                {"[${NONE:+x}${NONE+x}]", "[]"},
                {"${A:?x}${A?x}", "11"},
                {"${NONE:-${ALSO_NONE:-${A}}}", "1"},
                {"${NONE:-$$x}}", "$x}"},
                {"$_B1-", "2-"},
        };
        char *variables[] = {(char *) "A=0", (char *) "A=1", (char *) "EMPTY=", (char *) "_B1=2", NULL};

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(json_freep) Json *in = json_new_string(table[i].text), *out = NULL;
                _cleanup_(error_done) Error error = ERROR_NULL;
                Interpolation with = {.variables = variables};

                test_set_row("%zu: %s", i, table[i].text);
                ASSERT_OK(interpolate(in, "x", &with, &out, &error), &error);
                ASSERT_STREQ(json_string(out), table[i].expected);
                (void) strv_free(with.taken);
                (void) strv_free(with.missing);
        }
}

TEST(interpolation_is_bounded) {
        _cleanup_free_ char *nested = xstrdup(""), *large = xmalloc0(INTERPOLATE_SIZE_MAX / 2 + 2);
        _cleanup_(json_freep) Json *in = json_new_string("$L$L$L"), *deep = NULL, *out = NULL;
        _cleanup_(error_done) Error error = ERROR_NULL;
        char *variables[] = {large, NULL};
        Interpolation with = {.variables = variables};

        memset(large, 'x', INTERPOLATE_SIZE_MAX / 2 + 1);
        memcpy(large, "L=", 2);
        ASSERT_ERROR(interpolate(in, "x", &with, &out, &error), &error, FC_EXIT_USAGE, "it is larger than");
        for (size_t i = 0; i < 20; i++) {
                char *longer = xasprintf("${N:-%s}", nested);

                free(nested);
                nested = longer;
        }
        deep = json_new_string(nested);
        with.size = 0;
        ASSERT_ERROR(interpolate(deep, "x", &with, &out, &error), &error, FC_EXIT_USAGE,
                     "stand in each other more than 16 deep");
        (void) strv_free(with.taken);
        (void) strv_free(with.missing);
}

TEST(nix_literals) {
        static const struct {
                const char *text, *expected;
        } table[] = {
                {"", "\"\""},
                {"a b", "\"a b\""},
                {"\"\\", "\"\\\"\\\\\""},
                {"${x} $x $${x} ''${x}", "\"\\${x} $x $\\${x} ''\\${x}\""},
                {"a\nb\tc\r", "\"a\\nb\\tc\\r\""},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_free_ char *literal = nix_string(table[i].text);

                ASSERT_STREQ(literal, table[i].expected);
        }
        static const char *const names[][2] = {
                {"a-b_1", "a-b_1"}, {"if", "\"if\""}, {"1a", "\"1a\""},
                {"a.b", "\"a.b\""}, {"", "\"\""},     {"${x}", "\"\\${x}\""},
        };

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                _cleanup_free_ char *name = nix_name(names[i][0]);

                ASSERT_STREQ(name, names[i][1]);
        }
}
