/* SPDX-License-Identifier: MIT */

#include "test.h"

#include "base/alloc.h"
#include "import/yaml.h"

static int parse(const char *text, Json **ret, Error *reterr) {
        /* Exactly as large as the text, so that the sanitizer sees a read beyond it. */
        size_t size = strlen(text);
        _cleanup_free_ char *copy = xmalloc0(size);

        memcpy(copy, text, size);
        return yaml_parse(copy, size, ret, reterr);
}

TEST(reads) {
        static const struct {
                const char *text, *expected;
        } table[] = {
                {"", "null"},
                {"# nothing\n", "null"},
                {"~", "null"},
                {"a:\nb: ''\nc: ~\nd: 'null'\n", "{\"a\":null,\"b\":\"\",\"c\":null,\"d\":\"null\"}"},
                /* What is not text in YAML 1.1 is text here. */
                {"[no, 0.5, 22:22, 0x1F, 2026-01-01, true]",
                 "[\"no\",\"0.5\",\"22:22\",\"0x1F\",\"2026-01-01\",\"true\"]"},
                {"a: |\n  b\n  c\nd: >-\n  e\n  f\n", "{\"a\":\"b\\nc\\n\",\"d\":\"e f\"}"},
                {"a: &x [1, 2]\nb: *x\n", "{\"a\":[\"1\",\"2\"],\"b\":[\"1\",\"2\"]}"},
                {"a: &x 1\nb: &x 2\nc: *x\n", "{\"a\":\"1\",\"b\":\"2\",\"c\":\"2\"}"},
                {"a: &x {p: 1, q: 2}\nb:\n  <<: *x\n  q: 3\n",
                 "{\"a\":{\"p\":\"1\",\"q\":\"2\"},\"b\":{\"q\":\"3\",\"p\":\"1\"}}"},
                {"a: &x {p: 1}\nb: &y {p: 2, q: 2}\nc: {<<: [*x, *y]}\n",
                 "{\"a\":{\"p\":\"1\"},\"b\":{\"p\":\"2\",\"q\":\"2\"},\"c\":{\"p\":\"1\",\"q\":\"2\"}}"},
                {"a: !!str 1\n", "{\"a\":\"1\"}"},
                {"--- \na: 1\n...\n", "{\"a\":\"1\"}"},
                {"\xef\xbb\xbf"
                 "a: \xc3\xbc\n",
                 "{\"a\":\"\xc3\xbc\"}"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                _cleanup_(json_freep) Json *tree = NULL;
                _cleanup_free_ char *text = NULL;

                test_set_row("%zu: %s", i, table[i].text);
                ASSERT_OK(parse(table[i].text, &tree, &error), &error);
                text = json_print(tree, /* pretty= */ false);
                ASSERT_STREQ(text, table[i].expected);
        }
}

TEST(refuses) {
        static const struct {
                const char *text, *message;
        } table[] = {
                {"a: [1\n", "line 2: "},
                {"a: 1\n b: 2\n", "line 2: "},
                {"\ta: 1\n", "line 1: "},
                {"a: 1\nb: 2\na: 3\n", "line 3: 'a' is given twice"},
                {"a: {b: 1, b: 2}\n", "line 1: 'b' is given twice"},
                {"a: 1\n'a': 2\n", "line 2: 'a' is given twice"},
                {"? [a, b]\n: c\n", "line 1: a key is not a word"},
                {"a: \"x\\0y\"\n", "line 1: there is a NUL in a value"},
                {"\"x\\0y\": 1\n", "line 1: there is a NUL in a key"},
                {"a: *b\n", "line 1: there is no '&b' above"},
                {"a: &b [*b]\n", "line 1: there is no '&b' above"},
                {"a: !reset null\n", "line 1: the tag '!reset' means nothing here"},
                {"a: !<tag:x> 1\n", "line 1: the tag 'tag:x' means nothing here"},
                {"a: {<<: 1}\n", "line 1: '<<' must be a mapping or a list of them"},
                {"a: {<<: [[1]]}\n", "line 1: '<<' must be a mapping or a list of them"},
                {"a: 1\n---\nb: 2\n", "line 2: a second document begins"},
                {"a: \x01\n", "line 1: control characters are not allowed"},
                {"a: \xff\n", "line 1: invalid leading UTF-8 octet"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                _cleanup_(json_freep) Json *tree = NULL;

                test_set_row("%zu: %s", i, table[i].text);
                ASSERT_ERROR(parse(table[i].text, &tree, &error), &error, FC_EXIT_USAGE, table[i].message);
        }
}

static char *repeated(const char *text, size_t n) {
        char *result = xmalloc0(n * strlen(text) + 1), *to = result;

        while (n-- > 0)
                to = stpcpy(to, text);
        return result;
}

TEST(limits) {
        static const char bomb[] =
                "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
                "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
                "e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]\n";
        _cleanup_free_ char *deep = repeated("[", YAML_DEPTH_MAX + 1),
                            *wide = repeated("- x\n", YAML_CHILDREN_MAX + 1),
                            *anchors = repeated("- &a x\n", 500), *large = NULL;
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_(json_freep) Json *tree = NULL, *none = NULL;
        const struct {
                const char *text, *message;
        } table[] = {
                {bomb, "the document has more than 20000 values"},
                {deep, "nested more than 32 levels deep"},
                {wide, "a list has more than 512 items"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                test_set_row("%zu", i);
                ASSERT_ERROR(parse(table[i].text, &none, &error), &error, FC_EXIT_USAGE, table[i].message);
                error_done(&error);
                error = ERROR_NULL;
        }
        ASSERT_OK(parse(anchors, &tree, &error), &error);
        large = repeated("# 4567890123456\n", YAML_SIZE_MAX / 16 + 1);
        ASSERT_ERROR(parse(large, &none, &error), &error, FC_EXIT_USAGE, "is larger than 1048576 bytes");
}
