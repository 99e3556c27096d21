/* SPDX-License-Identifier: MIT */

#include "base/strv.h"
#include "host/asker.h"
#include "test.h"

#define OTHER_UID 12345

TEST(tells_root_once) {
        InvokingUser root = {.uid = 0};
        _cleanup_(asker_freep) Asker *asker = NULL, *late = NULL;
        _cleanup_free_ char *address = NULL;
        _cleanup_(error_done) Error error = ERROR_NULL;
        char *const *environment, *const *again;

        if (geteuid() != 0)
                SKIP("needs root, whom alone it is told to");
        (void) setenv("ASKED_FOR", "two\nlines", 1);
        ASSERT_OK(asker_serve(&address, &error), &error);
        (void) setenv("ASKED_FOR", "later", 1);

        asker = asker_new(address, &root);
        ASSERT_OK(asker_environment(asker, &environment, &error), &error);
        ASSERT_TRUE(strv_contains(environment, "ASKED_FOR=two\nlines"));
        ASSERT_OK(asker_environment(asker, &again, &error), &error);
        ASSERT_TRUE(again == environment);

        late = asker_new(address, &root);
        ASSERT_TRUE(asker_environment(late, &environment, &error) < 0);
}

TEST(believes_the_user_only) {
        InvokingUser other = {.uid = OTHER_UID};
        _cleanup_(asker_freep) Asker *asker = NULL;
        _cleanup_free_ char *address = NULL;
        _cleanup_(error_done) Error error = ERROR_NULL;
        char *const *environment;

        ASSERT_OK(asker_serve(&address, &error), &error);
        asker = asker_new(address, &other);
        ASSERT_TRUE(asker_is_whole(asker));
        ASSERT_ERROR(asker_environment(asker, &environment, &error), &error, FC_EXIT_HOST,
                     "is not that user's");
}

TEST(own_environment) {
        InvokingUser self = {.uid = geteuid()}, other = {.uid = OTHER_UID};
        _cleanup_(asker_freep) Asker *asker = asker_new(NULL, &self), *guess = asker_new(NULL, &other);
        char *const *environment;

        (void) setenv("OWN", "1", 1);
        (void) setenv("XDG_RUNTIME_DIR", "/run/user/0", 1);
        ASSERT_TRUE(asker_is_whole(asker));
        ASSERT_OK(asker_environment(asker, &environment, NULL));
        ASSERT_TRUE(strv_contains(environment, "OWN=1"));
        /* By a sudo that the user has typed. */
        ASSERT_TRUE(!asker_is_whole(guess));
        ASSERT_OK(asker_environment(guess, &environment, NULL));
        ASSERT_TRUE(strv_contains(environment, "OWN=1"));
        ASSERT_TRUE(!strv_contains(environment, "XDG_RUNTIME_DIR=/run/user/0"));
}
