/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "base/strv.h"
#include "test.h"

TEST(empty_vector) {
        _cleanup_strv_ char **copy = strv_copy(NULL);
        _cleanup_free_ char *joined = strv_join(NULL, ", ");

        ASSERT_EQ(strv_length(NULL), 0);
        ASSERT_TRUE(!copy);
        ASSERT_STREQ(joined, "");
        ASSERT_TRUE(strv_equal(NULL, NULL));
        ASSERT_TRUE(!strv_contains(NULL, "a"));
        ASSERT_TRUE(!strv_free(NULL));
}

TEST(push_keeps_order_and_copies) {
        _cleanup_strv_ char **v = NULL;
        char text[] = "one";

        strv_push(&v, text);
        text[0] = 'X';
        strv_pushf(&v, "%d", 2);
        strv_push_take(&v, xstrdup("three"));
        ASSERT_EQ(strv_length(v), 3);
        ASSERT_STREQ(v[0], "one");
        ASSERT_STREQ(v[1], "2");
        ASSERT_STREQ(v[2], "three");
        ASSERT_STREQ(v[3], NULL);
}

TEST(extend_and_copy_are_deep) {
        _cleanup_strv_ char **a = NULL, **b = NULL;

        strv_push(&a, "x");
        strv_push(&a, "y");
        strv_push(&b, "w");
        strv_extend(&b, a);
        ASSERT_EQ(strv_length(b), 3);
        ASSERT_STREQ(b[1], "x");
        ASSERT_TRUE(b[1] != a[0]);
}

TEST(equal_tells_content_order_and_length) {
        char *ab[] = {(char *) "a", (char *) "b", NULL}, *ba[] = {(char *) "b", (char *) "a", NULL};
        char *a[] = {(char *) "a", NULL};
        _cleanup_strv_ char **copy = strv_copy(ab);

        ASSERT_TRUE(strv_equal(ab, copy));
        ASSERT_TRUE(!strv_equal(ab, ba));
        ASSERT_TRUE(!strv_equal(ab, a));
        ASSERT_TRUE(!strv_equal(a, NULL));
}

TEST(contains_compares_whole_strings) {
        char *v[] = {(char *) "alpha", (char *) "beta", NULL};

        ASSERT_TRUE(strv_contains(v, "beta"));
        ASSERT_TRUE(!strv_contains(v, "bet"));
        ASSERT_TRUE(!strv_contains(v, "BETA"));
        ASSERT_TRUE(!strv_contains(v, ""));
}

TEST(join) {
        char *v[] = {(char *) "a", (char *) "", (char *) "c", NULL};
        _cleanup_free_ char *joined = strv_join(v, ", ");

        ASSERT_STREQ(joined, "a, , c");
}
