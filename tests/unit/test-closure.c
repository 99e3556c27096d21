/* SPDX-License-Identifier: MIT */

#include "test.h"

#include "base/alloc.h"
#include "base/strv.h"
#include "spec/closure.h"

static int parse(const char *text, char ***ret, Error *reterr) {
        /* Exactly as large as the text, so that the sanitizer sees a read beyond it. */
        size_t size = strlen(text);
        _cleanup_free_ char *copy = xmalloc0(size);

        memcpy(copy, text, size);
        return closure_parse(copy, size, "/nix/store", "/nix/store/b-system", ret, reterr);
}

TEST(reads_the_names) {
        static const char *const texts[] = {"/nix/store/a\n/nix/store/b-system\n",
                                            "/nix/store/a\n/nix/store/b-system"};

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                _cleanup_strv_ char **names = NULL;

                test_set_row("%zu", i);
                ASSERT_OK(parse(texts[i], &names, &error), &error);
                ASSERT_EQ(strv_length(names), 2);
                ASSERT_STREQ(names[0], "a");
                ASSERT_STREQ(names[1], "b-system");
        }
}

TEST(refuses_what_is_no_list_of_store_paths) {
        static const struct {
                const char *text, *message;
        } table[] = {
                {"", "the toplevel 'b-system' is not in the list"},
                {"/nix/store/a\n", "the toplevel 'b-system' is not in the list"},
                {"/nix/store/b-system2\n", "the toplevel 'b-system' is not in the list"},
                {"\n", "line 1: the path is empty"},
                {"/nix/store/b-system\n\n", "line 2: the path is empty"},
                {"a\n", "line 1: 'a': a path inside the container must be absolute"},
                {"/nix/store\n", "line 1: '/nix/store' is not a path of the store '/nix/store'"},
                {"/nix/store/\n", "line 1: '/nix/store/': a path inside"},
                {"/nix/store/b-system\n/nix/store/a/b\n",
                 "line 2: '/nix/store/a/b' is not a path of the store"},
                {"/nix/storeroom/a\n", "line 1: '/nix/storeroom/a' is not a path of the store"},
                {"/etc/passwd\n", "line 1: '/etc/passwd' is not a path of the store"},
                {"/nix/store/../x\n", "line 1: '/nix/store/../x': a path inside"},
                {"/nix/store/a\r\n", "must not contain control characters"},
                {"/nix/store/b-system\n/nix/store/a\n/nix/store/b-system\n",
                 "line 3: 'b-system' is in line 1 already"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                char **names = NULL;

                test_set_row("%zu: %s", i, table[i].text);
                ASSERT_ERROR(parse(table[i].text, &names, &error), &error, FC_EXIT_USAGE, table[i].message);
                ASSERT_TRUE(!names);
        }
}

TEST(refuses_nul) {
        static const char text[] = "/nix/store/b-system\n\0";
        _cleanup_(error_done) Error error = ERROR_NULL;
        char **names = NULL;

        ASSERT_ERROR(
                closure_parse(text, sizeof(text) - 1, "/nix/store", "/nix/store/b-system", &names, &error),
                &error, FC_EXIT_USAGE, "NUL");
}
