/* SPDX-License-Identifier: MIT */

#include "test.h"

#include "base/alloc.h"
#include "copy/place.h"
#include "ops/copy-operand.h"

TEST(accepted) {
        static const struct {
                const char *text, *container, *path;
                bool stream;
        } rows[] = {
                {"-", NULL, "-", true},           {"db:/x", "db", "/x", false},
                {"db:x", "db", "x", false},       {"db:-", "db", "-", false},
                {"db:/a:b", "db", "/a:b", false}, {"./a:b", NULL, "./a:b", false},
                {"/a:b", NULL, "/a:b", false},    {"a b$%", NULL, "a b$%", false},
                {"./-", NULL, "./-", false},      {"x/db:/y", NULL, "x/db:/y", false},
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_(copy_operand_done) CopyOperand o = {0};
                _cleanup_(error_done) Error error = ERROR_NULL;

                ASSERT_OK(copy_operand_parse(rows[i].text, &o, &error));
                ASSERT_TRUE(streq_ptr(o.container, rows[i].container));
                ASSERT_STREQ(o.path, rows[i].path);
                ASSERT_EQ(o.stream, rows[i].stream);
        }
}

TEST(refused) {
        static const struct {
                const char *text, *message;
        } rows[] = {{"", "is not a path"},         {":x", "before the colon"},
                    {"DB:/x", "before the colon"}, {"a b:c", "before the colon"},
                    {"db:", "has no path"},        {"-db:/x", "before the colon"}};

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_(copy_operand_done) CopyOperand o = {0};
                _cleanup_(error_done) Error error = ERROR_NULL;

                ASSERT_ERROR(copy_operand_parse(rows[i].text, &o, &error), &error, FC_EXIT_USAGE,
                             rows[i].message);
        }
}

TEST(name_of_a_path) {
        static const struct {
                const char *path, *name;
        } rows[] = {{"a", "a"},  {"/a", "a"},   {"a/b/", "b"}, {"a//", "a"},   {"/", NULL},
                    {".", NULL}, {"a/.", NULL}, {"..", NULL},  {"a/../", NULL}};

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_free_ char *name = copy_path_name(rows[i].path);

                ASSERT_TRUE(streq_ptr(name, rows[i].name));
        }
}
