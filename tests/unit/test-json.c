/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "base/json-scan.h"
#include "base/json-shape.h"
#include "base/process.h"
#include "test.h"

static int parse(const char *text, size_t size, Json **ret, Error *reterr) {
        /* Exactly as large as the text, so that the sanitizer sees a read beyond it. */
        _cleanup_free_ char *copy = xmalloc0(size);

        memcpy(copy, text, size);
        return json_parse(copy, size, "f.json", ret, reterr);
}

TEST(refusals) {
#define T(text, message)                                                                                    \
        { text, sizeof(text) - 1, message }
        static const struct {
                const char *text;
                size_t size;
                const char *message;
        } table[] = {
                /* structure */
                T("", "f.json: line 1, column 1: the text ends, expected a value"),
                T(" \n\t", "line 2, column 2: the text ends"),
                T("{", "the text ends, expected a key in double quotes"),
                T("[", "the text ends, expected a value"),
                T("[1", "the text ends, expected ',' or ']'"),
                T("{\"a\"", "the text ends, expected ':'"),
                T("{\"a\":", "a: the text ends, expected a value"),
                T("{\"a\":1", "the text ends, expected ',' or '}'"),
                T("[1,]", "expected a value after ','"),
                T("{\"a\":1,}", "expected a key after ','"),
                T("[,1]", "expected a value, found ','"),
                T("[1 2]", "[0]: expected ',' or ']', found '2'"),
                T("{\"a\" 1}", "expected ':', found '1'"),
                T("{1:2}", "expected a key in double quotes, found '1'"),
                T("{a:2}", "expected a key in double quotes, found 'a'"),
                T("[1}", "expected ',' or ']', found '}'"),
                T("]", "expected a value, found ']'"),
                T("{} {}", "line 1, column 4: expected the end of the text, found '{'"),
                T("1 x", "expected the end of the text, found 'x'"),
                T("[1]\n]", "line 2, column 1: expected the end of the text, found ']'"),
                /* things that are not JSON */
                T("\xef\xbb\xbf{}", "line 1, column 1: starts with a byte order mark"),
                T("{} // x", "JSON has no comments"),
                T("# x\n{}", "JSON has no comments"),
                T("{'a': 1}", "JSON has no strings in single quotes"),
                T("NaN", "expected a value, found 'N'"),
                T("True", "expected a value, found 'T'"),
                T("tru", "expected a value, found 't'"),
                T("truex", "expected the end of the text, found 'x'"),
                T("nul", "expected a value, found 'n'"),
                T("[Infinity]", "expected a value, found 'I'"),
                T("{}\0", "expected the end of the text, found the byte 0x00"),
                T("\0{}", "expected a value, found the byte 0x00"),
                T("{\0}", "found the byte 0x00"),
                T("\xff\xfe{\0}\0", "expected a value, found the byte 0xff"),
                T("[\x0c]", "expected a value, found the byte 0x0c"),
                T("[\xc2\xa0]", "expected a value, found the byte 0xc2"),
                /* numbers */
                T("[01]", "[0]: number 01 starts with a zero"),
                T("[-01]", "number -01 starts with a zero"),
                T("[00]", "number 00 starts with a zero"),
                T("[+1]", "expected a value, found '+'"),
                T("[.5]", "expected a value, found '.'"),
                T("[-]", "expected a digit, found ']'"),
                T("-", "the text ends, expected a digit"),
                T("[0x10]", "expected ',' or ']', found 'x'"),
                T("[1.5]", "number 1.5 must be whole"),
                T("[1.0]", "number 1.0 must be whole"),
                T("[1e2]", "number 1e2 must be whole"),
                T("{\"a\": {\"b\": [0, 1e400]}}", "line 1, column 17: a.b[1]: number 1e400 must be whole"),
                T("[0.99999999999999999999]", "must be whole"),
                T("[9007199254740993]", "[0]: number 9007199254740993 is out of range"),
                T("[-9007199254740993]", "number -9007199254740993 is out of range"),
                T("[18446744073709551616]", "is out of range"),
                T("[99999999999999999999999999999999999999999999999999]", "is out of range"),
                T("[1-2]", "expected ',' or ']', found '-'"),
                /* strings */
                T("\"a", "the text ends within a string"),
                T("\"a\\\"", "the text ends within a string"),
                T("\"a\nb\"", "control character 0x0a in a string, write it as '\\u000a'"),
                T("\"a\0b\"", "control character 0x00"),
                T("\"\x1f\"", "control character 0x1f"),
                T("\"\\x41\"", "a '\\' in a string must be written '\\\\'"),
                T("\"\\", "a '\\' in a string"),
                T("\"\\u\"", "'\\u' needs four hexadecimal digits"),
                T("\"\\u12g4\"", "'\\u' needs four hexadecimal digits"),
                T("\"\\u12", "'\\u' needs four hexadecimal digits"),
                T("\"x\\u0000y\"", "'\\u0000' cannot stand in a string"),
                T("\"\\ud800\"", "'\\ud800' is half of a surrogate pair"),
                T("\"\\ud800\\u0041\"", "half of a surrogate pair"),
                T("\"\\ud800\\ud800\"", "half of a surrogate pair"),
                T("\"\\udc00\"", "'\\udc00' is half of a surrogate pair"),
                T("\"\\ud800\\udc0", "half of a surrogate pair"),
                T("\"\xff\"", "invalid UTF-8, byte 0xff"),
                T("\"\xc0\x80\"", "invalid UTF-8, byte 0xc0"),
                T("\"\xed\xa0\x80\"", "invalid UTF-8, byte 0xed"),
                T("\"\xf4\x90\x80\x80\"", "invalid UTF-8, byte 0xf4"),
                T("\"\xc3\"", "invalid UTF-8, byte 0xc3"),
                T("\"\xc3", "invalid UTF-8, byte 0xc3"),
                T("{\"\xff\": 1}", "invalid UTF-8"),
                /* duplicate keys, also when they are written differently */
                T("{\"a\":1,\"a\":1}", "f.json: a: the key is given twice"),
                T("{\"x\":[0,{\"b\":{},\"c\":1,\"b\":2}]}", "f.json: x[1].b: the key is given twice"),
                T("{\"a\":1,\"\\u0061\":1}", "f.json: a: the key is given twice"),
                T("{\"\":1,\"\":1}", "f.json: [\"\"]: the key is given twice"),
                T("[{\"a b\":1,\"a b\":1}]", "f.json: [0][\"a b\"]: the key is given twice"),
                /* the place */
                T("{\n  \"a\": [\n    {\"b\": tru}\n  ]\n}",
                  "f.json: line 3, column 11: a[0].b: expected a value"),
                T("{\"\xc3\xa9\": \"\xe2\x82\xac\", \"b\": x}", "line 1, column 17: b: expected a value"),
                T("{\"a\": {\"b\": 1}, \"c\" 2}", "column 21: c: expected ':'"),
        };
#undef T

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                Json *json = NULL;

                test_set_row("%zu: %s", i, table[i].text);
                ASSERT_ERROR(parse(table[i].text, table[i].size, &json, &error), &error, FC_EXIT_USAGE,
                             table[i].message);
                ASSERT_TRUE(!json);
                ASSERT_TRUE(json_parse(table[i].text, table[i].size, NULL, &json, NULL) < 0);
        }
}

TEST(accepts_what_is_json) {
        static const char *const table[] = {
                "{}",
                "[]",
                "0",
                "-0",
                "-1",
                "true",
                "null",
                "\"\"",
                " \r\n\t[ ]\n",
                "9007199254740992",
                "-9007199254740992",
                "[[[]]]",
                "{\"a\":{\"b\":[1,2,{}]}}",
                "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
                "\"\\u20ac\\ud83d\\ude00\"",
                "{\"a\":1,\"A\":2}",
                "{\"\":1}",
                "\"\x7f\"",
                "\"\xf0\x9f\x98\x80\"",
                "[0,-0,10,100]",
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                _cleanup_(json_freep) Json *json = NULL;

                test_set_row("%s", table[i]);
                ASSERT_OK(parse(table[i], strlen(table[i]), &json, &error), &error);
                ASSERT_TRUE(json && !error_is_set(&error));
        }
}

TEST(reads_values) {
        static const char text[] =
                "{\"s\":\"a\\u00e9\\ud83d\\ude00\",\"S\":\"other\",\"n\":9007199254740992,"
                "\"m\":-5,\"b\":true,\"z\":null,\"l\":[1,2,3]}";
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_(json_freep) Json *json = NULL;
        uint64_t n = 7;

        ASSERT_OK(parse(text, strlen(text), &json, &error), &error);
        ASSERT_EQ(json_type(json), JSON_OBJECT);
        ASSERT_EQ(json_length(json), 7);
        ASSERT_STREQ(json_string(json_get(json, "s")), "a\xc3\xa9\xf0\x9f\x98\x80");
        ASSERT_STREQ(json_string(json_get(json, "S")), "other");
        ASSERT_TRUE(!json_get(json, "L"));
        ASSERT_TRUE(json_bool(json_get(json, "b")));
        ASSERT_EQ(json_type(json_get(json, "z")), JSON_NULL);
        ASSERT_OK(json_uint(json_get(json, "n"), "n", 0, UINT64_MAX, &n, &error));
        ASSERT_EQ(n, UINT64_C(9007199254740992));
        ASSERT_EQ(json_length(json_get(json, "l")), 3);
        ASSERT_STREQ(json_key(json_next(json_first(json))), "S");

        n = 7;
        ASSERT_ERROR(json_uint(json_get(json, "m"), "a.m", 0, 10, &n, &error), &error, FC_EXIT_USAGE,
                     "a.m: must be between 0 and 10, is -5");
        ASSERT_ERROR(json_uint(json_get(json, "n"), "a.n", 1, 10, &n, &error), &error, FC_EXIT_USAGE,
                     "a.n: must be between 1 and 10, is 9007199254740992");
        ASSERT_ERROR(json_uint(json_get(json, "s"), "a.s", 0, 10, &n, &error), &error, FC_EXIT_USAGE,
                     "a.s: must be a number, is a string");
        ASSERT_EQ(n, 7);
        ASSERT_ERROR(json_expect(json, JSON_ARRAY, "", &error), &error, FC_EXIT_USAGE,
                     "the document must be an array, is an object");
        ASSERT_ERROR(json_expect(json_get(json, "z"), JSON_BOOL, "z", &error), &error, FC_EXIT_USAGE,
                     "z: must be a boolean, is null");
}

TEST(depth_is_limited) {
        char text[2 * JSON_DEPTH_MAX + 3];
        _cleanup_(error_done) Error error = ERROR_NULL;
        Json *json = NULL;

        memset(text, '[', JSON_DEPTH_MAX);
        memset(text + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
        ASSERT_OK(parse(text, 2 * JSON_DEPTH_MAX, &json, &error), &error);
        json_free(json);

        memset(text, '[', JSON_DEPTH_MAX + 1);
        memset(text + JSON_DEPTH_MAX + 1, ']', JSON_DEPTH_MAX + 1);
        ASSERT_ERROR(parse(text, 2 * JSON_DEPTH_MAX + 2, &json, &error), &error, FC_EXIT_USAGE,
                     "column 33: [0][0]");
        ASSERT_ERROR(parse(text, 2 * JSON_DEPTH_MAX + 2, &json, &error), &error, FC_EXIT_USAGE,
                     "more than 32 objects and arrays within each other");
}

/* Quadratic work on any of these takes minutes. */
#define LIMIT_USEC (20 * USEC_PER_SEC)

static void parse_large(const char *text, size_t size, const char *expected) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_(json_freep) Json *json = NULL;
        uint64_t start = now_usec();

        if (expected)
                ASSERT_ERROR(json_parse(text, size, NULL, &json, &error), &error, FC_EXIT_USAGE, expected);
        else
                ASSERT_OK(json_parse(text, size, NULL, &json, &error), &error);
        ASSERT_TRUE(now_usec() - start < LIMIT_USEC);
}

/* {"00000":0,"00001":0,...TAIL */
static char *many_keys(size_t n, const char *tail, size_t *ret_size) {
        char *text = NULL;
        FILE *f = open_memstream(&text, ret_size);

        ASSERT_TRUE(f);
        for (size_t i = 0; i < n; i++)
                (void) fprintf(f, "%c\"%05zu\":0", i == 0 ? '{' : ',', i);
        (void) fputs(tail, f);
        ASSERT_EQ(fclose(f), 0);
        return text;
}

TEST(hostile_sizes_take_linear_time) {
        const size_t mb16 = 16 * 1024 * 1024;
        _cleanup_free_ char *large = xmalloc0(mb16), *keys = NULL, *twice = NULL;
        size_t size;

        memset(large, '[', mb16);
        parse_large(large, mb16, "more than 32");
        memset(large, '\n', mb16);
        parse_large(large, mb16, "line 16777217, column 1: the text ends");
        memset(large, '9', mb16);
        parse_large(large, mb16, "is out of range");
        memset(large, 'x', mb16);
        large[0] = '"';
        parse_large(large, mb16, "the text ends within a string");
        large[mb16 - 1] = '"';
        parse_large(large, mb16, NULL);

        keys = many_keys(100000, "}", &size);
        parse_large(keys, size, NULL);
        twice = many_keys(100000, ",\"00042\":1}", &size);
        parse_large(twice, size, "00042: the key is given twice");
}

TEST(paths) {
        static const struct {
                const char *parent, *key, *path;
        } table[] = {
                {"", "a", "a"},
                {"a", "b-c_9", "a.b-c_9"},
                {"a", "b c", "a[\"b c\"]"},
                {"", "", "[\"\"]"},
                {"a", "x.y", "a[\"x.y\"]"},
                {"a", "say \"hi\" \\", "a[\"say \\\"hi\\\" \\\\\"]"},
                {"a", "\n\x1b[0m", "a[\"\\u000a\\u001b[0m\"]"},
                {"a", "\xc3\xa9", "a[\"\xc3\xa9\"]"},
                {"a", "\xff", "a[\"\xef\xbf\xbd\"]"},
        };
        _cleanup_free_ char *index = json_path_index("a.b", 7), *path = NULL;
        char key[1001] = {0};

        ASSERT_STREQ(index, "a.b[7]");
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_free_ char *member = json_path_member(table[i].parent, table[i].key);

                test_set_row("row %zu", i);
                ASSERT_STREQ(member, table[i].path);
        }
        memset(key, 'k', 1000);
        path = json_path_member("", key);
        ASSERT_TRUE(strlen(path) < 80 && strstr(path, "kkk...\"]"));
}

typedef struct Target {
        uint64_t n;
        int calls;
} Target;

static int parse_n(const Json *value, const char *path, void *target, Error *reterr) {
        ((Target *) target)->calls++;
        return json_uint(value, path, 1, 9, &((Target *) target)->n, reterr);
}

TEST(dispatch) {
        static const JsonField fields[] = {
                {"n", parse_n, .mandatory = true},
                {"opt", parse_n},
                {"later", NULL},
        };
        static const struct {
                const char *text, *message;
        } table[] = {
                {"{\"n\":3}", NULL},
                {"{\"n\":3,\"opt\":4}", NULL},
                {"{}", "p: the key 'n' is missing"},
                {"{\"opt\":1}", "p: the key 'n' is missing"},
                {"{\"N\":1}", "p.N: unknown key"},
                {"{\"n\":3,\"x y\":1}", "p[\"x y\"]: unknown key"},
                {"{\"n\":3,\"later\":1}", "p.later: is not supported by this version"},
                {"{\"n\":30}", "p.n: must be between 1 and 9, is 30"},
                {"[]", "p: must be an object, is an array"},
                {"3", "p: must be an object, is a number"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                _cleanup_(json_freep) Json *json = NULL;
                Target target = {0};
                int r;

                test_set_row("%s", table[i].text);
                ASSERT_OK(parse(table[i].text, strlen(table[i].text), &json, &error), &error);
                r = json_dispatch(json, "p", fields, ELEMENTSOF(fields), &target, &error);
                if (table[i].message)
                        ASSERT_ERROR(r, &error, FC_EXIT_USAGE, table[i].message);
                else {
                        ASSERT_OK(r, &error);
                        ASSERT_EQ(target.calls, (int) json_length(json));
                }
                if (table[i].message && strstr(table[i].message, "unknown"))
                        ASSERT_STREQ(error.hints[0], "the keys known here: n, opt");
        }
}

TEST(writes) {
        static const char *const v[] = {"x", "y", NULL};
        _cleanup_(json_freep) Json *json = json_new_object();
        _cleanup_free_ char *text = NULL;
        Json *array = json_new_array();

        json_add_string(json, "s", "q\"\\\n\x01 \xc3\xa9");
        json_add_string(json, "none", NULL);
        json_add_string(json, "bad", "a\xff\xe2\x82");
        json_add_uint(json, "small", 0);
        json_add_uint(json, "exact", UINT64_C(9007199254740991));
        json_add_bool(json, "b", false);
        json_add_null(json, "z");
        json_append(array, json_new_object());
        json_append_string(array, "e");
        json_append_string(array, NULL);
        json_add(json, "array", array);
        json_add_strv(json, "v", (char *const *) v);
        json_add_strv(json, "empty", NULL);
        text = json_print(json, false);
        ASSERT_STREQ(
                text,
                "{\"s\":\"q\\\"\\\\\\n\\u0001 \xc3\xa9\",\"bad\":\"a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\","
                "\"small\":0,\"exact\":9007199254740991,\"b\":false,\"z\":null,"
                "\"array\":[{},\"e\"],\"v\":[\"x\",\"y\"],\"empty\":[]}");
}

TEST(what_is_written_reads_back) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_(json_freep) Json *json = json_new_object(), *again = NULL;
        _cleanup_free_ char *text = NULL;
        uint64_t n = 0;

        json_add_uint(json, "n", JSON_NUMBER_MAX);
        /* Also before it has been text. */
        ASSERT_OK(json_uint(json_get(json, "n"), "n", 0, UINT64_MAX, &n, &error), &error);
        ASSERT_EQ(n, JSON_NUMBER_MAX);
        text = json_print(json, true);
        ASSERT_OK(parse(text, strlen(text), &again, &error), &error);
        n = 0;
        ASSERT_OK(json_uint(json_get(again, "n"), "n", 0, UINT64_MAX, &n, &error), &error);
        ASSERT_EQ(n, JSON_NUMBER_MAX);
}

TEST(what_is_read_writes_back) {
        static const char text[] = "[0,-1,2147483648,999999999999999,-1000000000000001,9007199254740991,"
                                   "-9007199254740992,{\"a\":9007199254740992}]";
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_(json_freep) Json *json = NULL;
        _cleanup_free_ char *printed = NULL;

        ASSERT_OK(parse(text, strlen(text), &json, &error), &error);
        printed = json_print(json, false);
        ASSERT_STREQ(printed, text);
}

TEST(a_number_too_large_to_be_exact_is_not_read) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_(json_freep) Json *json = json_new_object();
        uint64_t n = 0;

        json_add_uint(json, "n", UINT64_MAX);
        ASSERT_ERROR(json_uint(json_get(json, "n"), "n", 0, UINT64_MAX, &n, &error), &error, FC_EXIT_USAGE,
                     "n: must be between");
}

static int take_anything(const Json *value, const char *path, void *target, Error *reterr) {
        return 0;
}

/* Readers may rely on it, whatever they look at themselves. */
TEST(dispatch_refuses_what_has_another_shape) {
        static const char *const words[] = {"on", NULL, "off"}, *const one_of[] = {"a", "b", NULL};
        static const JsonShape flag = {.kind = JSON_SHAPE_BOOL}, text = {.kind = JSON_SHAPE_STRING},
                               number = JSON_NUMBER_FROM(2, 9), word = JSON_ONE_OF_WORDS(words),
                               numbers = JSON_ARRAY_OF(number), map = JSON_MAP_OF(text, numbers);
        static const JsonShape *const choices[] = {&number, &word, &numbers};
        static const JsonShape either = {
                .kind = JSON_SHAPE_EITHER,
                .either = choices,
                .n_either = ELEMENTSOF(choices),
        };
        static const JsonField fields[] = {
                {"a", take_anything, .shape = &flag},   {"b", take_anything, .shape = &text},
                {"w", take_anything, .shape = &word},   {"m", take_anything, .shape = &map},
                {"e", take_anything, .shape = &either},
        };
        static const JsonShape shape = {
                .kind = JSON_SHAPE_OBJECT,
                .fields = fields,
                .n_fields = ELEMENTSOF(fields),
                .one_of = one_of,
                .manual = "page",
        };
        static const struct {
                const char *text, *message;
        } table[] = {
                {"{\"a\":true,\"w\":\"off\",\"m\":{\"x\":[2,9],\"y\":[]},\"e\":\"on\"}", NULL},
                {"{\"b\":\"\",\"e\":[3]}", NULL},
                {"{\"a\":1}", "p.a: must be a boolean, is a number"},
                {"{\"b\":null}", "p.b: must be a string, is null"},
                {"{\"b\":\"\",\"w\":\"On\"}", "p.w: must be one of 'on', 'off', is 'On'"},
                {"{\"b\":\"\",\"w\":[]}", "p.w: must be a string, is an array"},
                {"{\"b\":\"\",\"m\":[]}", "p.m: must be an object, is an array"},
                {"{\"b\":\"\",\"m\":{\"x\":[2,10]}}", "p.m.x[1]: must be between 2 and 9, is 10"},
                {"{\"b\":\"\",\"e\":{}}", "p.e: must be a number or 'on', 'off' or an array, is an object"},
                {"{\"b\":\"\",\"e\":\"x\"}", "p.e: must be a number or 'on', 'off' or an array, is 'x'"},
                {"{\"b\":\"\",\"e\":1}", "p.e: must be between 2 and 9, is 1"},
                {"{}", "p: must have one of 'a' and 'b'"},
                {"{\"a\":true,\"b\":\"\"}", "p: must have one of 'a' and 'b'"},
                {"{\"c\":1}", "p.c: unknown key"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                _cleanup_(json_freep) Json *json = NULL;
                int r;

                ASSERT_OK(json_parse(table[i].text, strlen(table[i].text), NULL, &json, &error), &error);
                r = json_dispatch_shape(json, "p", &shape, NULL, &error);
                if (table[i].message)
                        ASSERT_ERROR(r, &error, FC_EXIT_USAGE, table[i].message);
                else
                        ASSERT_OK(r, &error);
        }
}

TEST(an_unknown_key_is_explained) {
        static const JsonField fields[] = {{.key = "ports", .parse = take_anything},
                                           {.key = "volumes", .parse = take_anything}};
        static const struct {
                const char *text, *first, *second;
        } table[] = {
                {"{\"port\":1}", "did you mean 'ports'?", "the keys known here: ports, volumes"},
                {"{\"Volumes\":1}", "did you mean 'volumes'?", "the keys known here: ports, volumes"},
                {"{\"image\":1}", "the keys known here: ports, volumes", NULL},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(json_freep) Json *json = NULL;
                _cleanup_(error_done) Error error = ERROR_NULL;
                char *target = NULL;

                test_set_row("%s", table[i].text);
                ASSERT_OK(json_parse(table[i].text, strlen(table[i].text), "test", &json, &error), &error);
                ASSERT_ERROR(json_dispatch(json, "c", fields, ELEMENTSOF(fields), &target, &error), &error,
                             FC_EXIT_USAGE, "unknown key");
                ASSERT_STREQ(error.hints[0], table[i].first);
                ASSERT_STREQ(error.hints[1], table[i].second);
        }
}
