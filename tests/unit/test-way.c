/* SPDX-License-Identifier: MIT */

#include "project-util.h"
#include "project/way.h"

TEST(chooses_by_what_counts_most) {
        static const struct {
                const char *row;
                WayFacts facts;
                Way way;
        } table[] = {
                {"nothing is said", {.tool = true}, WAY_ROOT},
                {"the option", {.option = true, .tool = true}, WAY_NAMESPACE},
                {"the variable", {.variable = "namespace", .tool = true}, WAY_NAMESPACE},
                {"a program", {.variable = "doas", .tool = true}, WAY_ROOT},
                {"an empty variable", {.variable = "", .tool = true}, WAY_ROOT},
                {"the option before the variable", {.option = true, .variable = "sudo"}, WAY_NAMESPACE},
                {"the specification", {.declared = true, .tool = true}, WAY_NAMESPACE},
                {"the variable before it", {.declared = true, .variable = "sudo"}, WAY_ROOT},
                {"the specification before what is kept",
                 {.declared = true, .kept = KEPT_ROOT, .tool = true},
                 WAY_NAMESPACE},
                {"what is kept", {.kept = KEPT_ROOTLESS, .tool = true}, WAY_NAMESPACE},
                {"what is kept, root's", {.kept = KEPT_ROOT, .tool = true}, WAY_ROOT},
                {"the variable before that", {.kept = KEPT_ROOTLESS, .variable = "sudo"}, WAY_ROOT},
                {"there is no way to root", {.tool = false}, WAY_NAMESPACE},
                {"nor to what root has made", {.kept = KEPT_ROOT}, WAY_ROOT},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                test_set_row("%s", table[i].row);
                ASSERT_EQ(way_choose(&table[i].facts), table[i].way);
        }
}

static void make_file(int dir_fd, const char *name) {
        _cleanup_close_ int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

        ASSERT_TRUE(fd >= 0);
}

static KeptWay look(int root_fd) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        KeptWay kept;

        ASSERT_OK(way_look(root_fd, &kept, &error), &error);
        return kept;
}

TEST(sees_which_way_has_made_what_is_kept) {
        _cleanup_(state_dir_done) StateDir dir = STATE_DIR_NULL;
        _cleanup_(error_done) Error error = ERROR_NULL;
        TEST_DIR(root);

        dir.root = xstrdup(root.path);
        dir.root_fd = open(root.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        ASSERT_EQ(look(dir.root_fd), KEPT_NOTHING);
        ASSERT_EQ(way_check(&dir, true, NULL), 0);
        ASSERT_TRUE(mkdirat(dir.root_fd, STATE_DIR_NAME, 0700) >= 0);
        dir.fd = openat(dir.root_fd, STATE_DIR_NAME, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        make_file(dir.fd, ".gitignore");
        make_file(dir.fd, "state.json");
        ASSERT_EQ(look(dir.root_fd), KEPT_NOTHING);
        ASSERT_EQ(way_check(&dir, true, NULL), 0);
        ASSERT_EQ(way_check(&dir, false, NULL), 0);

        ASSERT_TRUE(mkdirat(dir.fd, "web", 0755) >= 0);
        ASSERT_EQ(look(dir.root_fd), KEPT_ROOT);
        ASSERT_EQ(way_check(&dir, false, NULL), 0);
        ASSERT_ERROR(way_check(&dir, true, &error), &error, FC_EXIT_CONFLICT, "was made with root");

        error_done(&error);
        ASSERT_EQ(way_mark(&dir, true, NULL), 0);
        ASSERT_EQ(way_mark(&dir, true, NULL), 0);
        ASSERT_EQ(look(dir.root_fd), KEPT_ROOTLESS);
        ASSERT_EQ(way_check(&dir, true, NULL), 0);
        ASSERT_ERROR(way_check(&dir, false, &error), &error, FC_EXIT_CONFLICT, "was made without root");
}

/* What speaks of nothing any more is not in the way of the other one. */
TEST(a_mark_alone_says_nothing) {
        _cleanup_(state_dir_done) StateDir dir = STATE_DIR_NULL;
        _cleanup_(error_done) Error error = ERROR_NULL;
        TEST_DIR(root);

        dir.root = xstrdup(root.path);
        dir.root_fd = open(root.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        ASSERT_TRUE(mkdirat(dir.root_fd, STATE_DIR_NAME, 0700) >= 0);
        dir.fd = openat(dir.root_fd, STATE_DIR_NAME, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        ASSERT_OK(way_mark(&dir, true, &error), &error);
        ASSERT_EQ(look(dir.root_fd), KEPT_NOTHING);
        ASSERT_OK(way_check(&dir, false, &error), &error);
        ASSERT_OK(way_mark(&dir, false, &error), &error);
        ASSERT_OK(way_mark(&dir, false, &error), &error);
        ASSERT_TRUE(mkdirat(dir.fd, "web", 0755) >= 0);
        ASSERT_EQ(look(dir.root_fd), KEPT_ROOT);
}

TEST(what_cannot_be_told_is_an_error) {
        _cleanup_(state_dir_done) StateDir dir = STATE_DIR_NULL;
        _cleanup_(error_done) Error error = ERROR_NULL;
        KeptWay kept;
        TEST_DIR(root);

        make_file(root.fd, STATE_DIR_NAME);
        ASSERT_EQ(look(root.fd), KEPT_NOTHING);
        ASSERT_ERROR(way_look(-EBADF, &kept, &error), &error, FC_EXIT_INTERNAL, STATE_DIR_NAME);
        error_done(&error);
        dir.root = xstrdup(root.path);
        dir.fd = openat(root.fd, STATE_DIR_NAME, O_RDONLY | O_CLOEXEC);
        ASSERT_ERROR(way_check(&dir, false, &error), &error, FC_EXIT_INTERNAL, "look at what");
}
