/* SPDX-License-Identifier: MIT */

#include "base/strv.h"
#include "host/user.h"
#include "project-util.h"
#include "project/instance-dir.h"
#include "state/identity.h"

/* Its id ends in the whole of it, so that two instances have the same only by lot. */
TEST(names) {
        static const struct {
                const char *root, *begins;
        } table[] = {
                {"/home/ada/shop", "shop-"},
                {"/home/ada/a-project-of-a-long-name", "a-project-o-"},
                {"/home/ada/ten-chars--", "ten-chars-"},
                {"/home/ada/***", "project-"},
                {"/", "project-"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_free_ char *one = instance_name_draw(table[i].root),
                                    *two = instance_name_draw(table[i].root),
                                    *path = instance_path(table[i].root, one),
                                    *id = identity_project_id(path, 0), *root = NULL, *name = NULL;
                _cleanup_(error_done) Error error = ERROR_NULL;

                test_set_row("%s: %s", table[i].root, one);
                ASSERT_TRUE(startswith(one, table[i].begins));
                ASSERT_EQ(strlen(one), strlen(table[i].begins) + 8);
                ASSERT_OK(instance_name_check(one, &error), &error);
                ASSERT_TRUE(!streq(one, two));
                ASSERT_TRUE(startswith(id, one) && identity_id_is_valid(id));
                ASSERT_TRUE(instance_path_parse(path, &root, &name));
                ASSERT_STREQ(root, table[i].root);
                ASSERT_STREQ(name, one);
        }
}

TEST(other_paths) {
        static const char *const table[] = {
                "/home/ada/shop",
                "/home/ada/shop/.containers",
                "/home/ada/shop/.containers/.fresh",
                "/home/ada/shop/.containers/.fresh/",
                "/home/ada/shop/.containers/.fresh/x/y",
                "/home/ada/shop/.containers/.fresh/.x",
                "/home/ada/shop/containers/.fresh/x",
                "/.fresh/x",
                "x",
                "",
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                char *root = NULL, *name = NULL;

                test_set_row("'%s'", table[i]);
                ASSERT_TRUE(!instance_path_parse(table[i], &root, &name));
                ASSERT_TRUE(!root && !name);
        }
}

TEST(directories) {
        _cleanup_(state_dir_done) StateDir dir = STATE_DIR_NULL, made = STATE_DIR_NULL,
                                           found = STATE_DIR_NULL;
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_strv_ char **names = NULL, **left = NULL;
        InvokingUser user;
        TEST_DIR(root);

        test_clear_environment();
        ASSERT_OK(user_invoking(&user, &error), &error);
        ASSERT_EQ(test_shell(&root, "mkdir -m 700 .containers"), 0);
        ASSERT_OK(state_dir_open(root.path, &user, &dir, &error), &error);
        ASSERT_OK(instances_list(&dir, &names, &error), &error);
        ASSERT_TRUE(!names);
        ASSERT_OK(instance_dir_make(&dir, "shop-2", &made, &error), &error);
        ASSERT_STREQ(made.instance, "shop-2");
        /* It has what a state has, and nothing makes `.containers` in it. */
        ASSERT_OK(state_dir_make(&made, &error), &error);
        ASSERT_EQ(test_shell(&root, "cd .containers/.fresh && mkdir shop-1 .odd && test -z \"$(ls -A "
                                    "shop-2)\" && mkdir -p "
                                    "shop-2/db/ephemeral"),
                  0);
        ASSERT_OK(instances_list(&dir, &names, &error), &error);
        ASSERT_EQ(strv_length(names), 2);
        ASSERT_STREQ(names[0], "shop-1");
        ASSERT_STREQ(names[1], "shop-2");
        ASSERT_OK(instance_dir_open(&dir, "shop-2", &found, &error), &error);
        ASSERT_TRUE(found.fd >= 0);
        /* A name is one name. */
        state_dir_done(&found);
        ASSERT_ERROR(instance_dir_open(&dir, "../volumes", &found, &error), &error, FC_EXIT_USAGE,
                     "cannot name a");
        if (geteuid() != 0)
                test_skip("only root has a trash");
        for (int again = 0; again < 2; again++)
                ASSERT_OK(instance_dir_remove(&dir, "shop-2", &error), &error);
        ASSERT_OK(instances_list(&dir, &left, &error), &error);
        ASSERT_EQ(strv_length(left), 1);
}

/* The directory is the user's, who can put a link in its place. */
TEST(links) {
        _cleanup_(state_dir_done) StateDir dir = STATE_DIR_NULL, made = STATE_DIR_NULL;
        _cleanup_(error_done) Error error = ERROR_NULL;
        InvokingUser user;
        TEST_DIR(root);

        test_clear_environment();
        ASSERT_OK(user_invoking(&user, &error), &error);
        ASSERT_EQ(test_shell(&root,
                             "mkdir -m 700 .containers elsewhere && ln -s ../elsewhere .containers/.fresh"),
                  0);
        ASSERT_OK(state_dir_open(root.path, &user, &dir, &error), &error);
        ASSERT_TRUE(instance_dir_make(&dir, "shop-2", &made, &error) < 0);
        ASSERT_EQ(test_shell(&root, "test -z \"$(ls -A elsewhere)\""), 0);
}
