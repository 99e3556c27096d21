/* SPDX-License-Identifier: MIT */

#include "base/error.h"
#include "base/strv.h"
#include "test.h"

TEST(unset_is_unset) {
        Error error = ERROR_NULL;

        ASSERT_TRUE(!error_is_set(&error));
        ASSERT_TRUE(!error_is_set(NULL));
        error_done(&error);
        error_done(NULL);
}

TEST(set_takes_either_sign_and_appends_the_text) {
        _cleanup_(error_done) Error error = ERROR_NULL;

        ASSERT_EQ(error_set(&error, ENOENT, "open '%s'", "a"), -ENOENT);
        ASSERT_STREQ(error.message, "open 'a': No such file or directory");
        ASSERT_EQ(error.exit, FC_EXIT_INTERNAL);
        ASSERT_EQ(error_set(&error, -EACCES, "open"), -EACCES);
}

TEST(set_of_what_the_host_lacks) {
        static const int errors[] = {EPERM, EACCES, ENOSPC, EDQUOT, EROFS};

        for (size_t i = 0; i < ELEMENTSOF(errors); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;

                test_set_row("%s", strerror(errors[i]));
                ASSERT_EQ(error_set(&error, errors[i], "write"), -errors[i]);
                ASSERT_EQ(error.exit, FC_EXIT_HOST);
        }
}

TEST(set_without_errno_is_still_a_failure) {
        _cleanup_(error_done) Error error = ERROR_NULL;

        ASSERT_ERROR(error_set(&error, 0, "read"), &error, FC_EXIT_INTERNAL, "read: ");
}

TEST(raise_is_negative_for_every_exit_code) {
        static const ExitCode codes[] = {FC_EXIT_INTERNAL, FC_EXIT_USAGE,       FC_EXIT_FAILED,
                                         FC_EXIT_TIMEOUT,  FC_EXIT_CONFLICT,    FC_EXIT_HOST,
                                         FC_EXIT_EXEC_OWN, FC_EXIT_NOT_RUNNING, FC_EXIT_INTERRUPTED};

        for (size_t i = 0; i < ELEMENTSOF(codes); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;

                test_set_row("exit code %d", (int) codes[i]);
                ASSERT_ERROR(error_raise(&error, codes[i], "%d things", 3), &error, (int) codes[i],
                             "3 things");
                ASSERT_TRUE(error_raise(NULL, codes[i], "no answer") < 0);
        }
}

TEST(a_second_error_replaces_the_first_with_its_lines) {
        _cleanup_(error_done) Error error = ERROR_NULL;

        (void) error_raise(&error, FC_EXIT_USAGE, "first");
        error_add_hint(&error, "hint");
        error_add_evidence(&error, "evidence");
        ASSERT_ERROR(error_raise(&error, FC_EXIT_CONFLICT, "second"), &error, FC_EXIT_CONFLICT, "second");
        ASSERT_EQ(strv_length(error.hints), 0);
        ASSERT_EQ(strv_length(error.evidence), 0);
}

TEST(prefix_and_lines_need_a_set_error) {
        _cleanup_(error_done) Error error = ERROR_NULL;

        ASSERT_EQ(error_prefix(&error, -EINVAL, "volume"), -EINVAL);
        error_add_hint(&error, "hint");
        error_add_evidence(&error, "evidence");
        ASSERT_TRUE(!error_is_set(&error) && !error.hints && !error.evidence);
        ASSERT_EQ(error_prefix(NULL, -EINVAL, "volume"), -EINVAL);

        (void) error_raise(&error, FC_EXIT_USAGE, "is empty");
        ASSERT_EQ(error_prefix(&error, -EINVAL, "volume '%s'", "x"), -EINVAL);
        ASSERT_STREQ(error.message, "volume 'x': is empty");
        ASSERT_EQ(error.exit, FC_EXIT_USAGE);
}

TEST(container) {
        _cleanup_(error_done) Error error = ERROR_NULL, moved = ERROR_NULL;
        char *text;

        /* Nothing is set, or the caller does not want to know. */
        ASSERT_EQ(error_in_container(&error, -EINVAL, "db"), -EINVAL);
        ASSERT_EQ(error_about_container(NULL, -EINVAL, "db"), -EINVAL);
        ASSERT_TRUE(!error.container && !error_text(&error));

        (void) error_raise(&error, FC_EXIT_FAILED, "it failed");
        ASSERT_EQ(error_in_container(&error, -EIO, "db"), -EIO);
        ASSERT_STREQ(error.container, "db");
        ASSERT_STREQ(error.message, "it failed");
        text = error_text(&error);
        ASSERT_STREQ(text, "db: it failed");
        free(text);

        /* The first who says it is right, and what is put in front stands behind the container. */
        (void) error_about_container(&error, 0, "web");
        (void) error_prefix(&error, 0, "start");
        text = error_text(&error);
        ASSERT_STREQ(text, "db: start: it failed");
        free(text);

        error_move(&moved, &error);
        ASSERT_STREQ(moved.container, "db");
        ASSERT_TRUE(!error.container);

        /* Another error is not about the same. */
        (void) error_raise(&moved, FC_EXIT_FAILED, "container 'a\x1b' is not running");
        ASSERT_TRUE(!moved.container);
        (void) error_about_container(&moved, 0, "a\x1b");
        ASSERT_STREQ(moved.container, "a\\x1b");
        (void) error_in_container(&moved, 0, "a\x1b");
        text = error_text(&moved);
        ASSERT_STREQ(text, moved.message);
        free(text);
}

TEST(move_leaves_the_source_unset) {
        _cleanup_(error_done) Error a = ERROR_NULL, b = ERROR_NULL;

        (void) error_raise(&a, FC_EXIT_TIMEOUT, "late");
        error_add_hint(&a, "wait");
        error_move(&b, &a);
        ASSERT_TRUE(!error_is_set(&a) && !a.hints);
        ASSERT_STREQ(b.message, "late");
        ASSERT_STREQ(b.hints[0], "wait");
        error_move(NULL, &b);
        ASSERT_TRUE(!error_is_set(&b));
}

TEST(what_is_shown_cannot_control_the_terminal) {
        static const struct {
                const char *text, *shown;
        } table[] = {
                {"plain text", "plain text"},
                {"a\nb", "a\\nb"},
                {"\x1b[31mred", "\\x1b[31mred"},
                {"bell\a del\x7f", "bell\\x07 del\\x7f"},
                {"tab\tstays", "tab\tstays"},
                {"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80",
                 "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80"},
                {"C1 \xc2\x9b"
                 "31m",
                 "C1 \\xc2\\x9b"
                 "31m"},
                {"turned \xe2\x80\xae round", "turned \\xe2\\x80\\xae round"},
                {"line \xe2\x80\xa8 break", "line \\xe2\\x80\\xa8 break"},
                {"no-break \xc2\xa0 space", "no-break \xc2\xa0 space"},
                {"latin1 \xe9", "latin1 \\xe9"},
                {"cut off \xe2\x82", "cut off \\xe2\\x82"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;

                test_set_row("row %zu", i);
                (void) error_raise(&error, FC_EXIT_USAGE, "%s", table[i].text);
                error_add_hint(&error, "%s", table[i].text);
                error_add_evidence(&error, "%s", table[i].text);
                ASSERT_STREQ(error.message, table[i].shown);
                ASSERT_STREQ(error.hints[0], table[i].shown);
                ASSERT_STREQ(error.evidence[0], table[i].shown);
                (void) error_prefix(&error, -1, "%s", table[i].text);
                ASSERT_TRUE(strncmp(error.message, table[i].shown, strlen(table[i].shown)) == 0);
        }
}
