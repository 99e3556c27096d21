/* SPDX-License-Identifier: MIT */

#include <unistd.h>

#include "base/strv.h"
#include "project-util.h"
#include "state/work-trees.h"

static Checkout look(const TestDir *dir, const char *name) {
        _cleanup_free_ char *path = xasprintf("%s/%s", dir->path, name);
        _cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        Checkout c;

        ASSERT_TRUE(fd >= 0);
        ASSERT_OK(checkout_look(fd, path, &c, NULL));
        return c;
}

static void write_two(const TestDir *dir, const Checkout *a, const Checkout *b) {
        _cleanup_(work_trees_done) WorkTrees trees = {};
        _cleanup_(error_done) Error error = ERROR_NULL;

        work_trees_add(&trees, a);
        work_trees_add(&trees, b);
        work_trees_add(&trees, a);
        ASSERT_EQ(trees.n, 2);
        ASSERT_OK(work_trees_write(dir->fd, "list", &trees, &error), &error);
}

/* Also with a path of two lines. */
TEST(reads_what_it_has_written) {
        TEST_DIR(dir);
        _cleanup_(work_trees_done) WorkTrees trees = {};
        _cleanup_(checkout_done) Checkout a = {}, b = {};
        _cleanup_(error_done) Error error = ERROR_NULL;

        ASSERT_OK(work_trees_read(dir.fd, "list", &trees, &error), &error);
        ASSERT_EQ(trees.n, 0);
        ASSERT_EQ(test_shell(&dir, "mkdir a 'b\nb'"), 0);
        a = look(&dir, "a");
        b = look(&dir, "b\nb");
        write_two(&dir, &a, &b);
        ASSERT_OK(work_trees_read(dir.fd, "list", &trees, &error), &error);
        ASSERT_EQ(trees.n, 2);
        ASSERT_STREQ(trees.entries[1].path, b.path);
        work_trees_drop(&trees, &a);
        ASSERT_EQ(trees.n, 1);
        ASSERT_TRUE(work_trees_have(&trees, &b) && !work_trees_have(&trees, &a));
}

/* What has been moved is the same one, and another one in its place is not. */
TEST(knows_what_has_been_moved) {
        TEST_DIR(dir);
        _cleanup_(work_trees_done) WorkTrees trees = {};
        _cleanup_(checkout_done) Checkout a = {}, b = {}, moved = {}, other = {};
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_strv_ char **others = NULL;

        ASSERT_EQ(test_shell(&dir, "mkdir a b"), 0);
        a = look(&dir, "a");
        b = look(&dir, "b");
        write_two(&dir, &a, &b);
        ASSERT_EQ(test_shell(&dir, "mv a c && mkdir a"), 0);
        moved = look(&dir, "c");
        other = look(&dir, "a");
        ASSERT_OK(work_trees_read(dir.fd, "list", &trees, &error), &error);
        ASSERT_EQ(trees.n, 2);
        ASSERT_TRUE(work_trees_have(&trees, &moved) && !work_trees_have(&trees, &other));
        others = work_trees_find_others(&trees, &moved);
        ASSERT_EQ(strv_length(others), 1);
        ASSERT_STREQ(others[0], b.path);
}

/* An answer that is missing is not a no. */
TEST(refuses_what_it_cannot_read) {
        static const struct {
                const char *command, *message;
        } table[] = {
                {"printf '1 2 x' >list", "does not list work trees"},
                {"printf 'relative\\0' >list", "does not list work trees"},
                {"rm list && mkdir list", "list"},
                {"rmdir list && ln -s /dev/null list", "list"},
        };
        TEST_DIR(dir);

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(work_trees_done) WorkTrees trees = {};
                _cleanup_(error_done) Error error = ERROR_NULL;

                test_set_row("%s", table[i].command);
                ASSERT_EQ(test_shell(&dir, "%s", table[i].command), 0);
                ASSERT_TRUE(work_trees_read(dir.fd, "list", &trees, &error) < 0);
                ASSERT_TRUE(strstr(error.message, table[i].message));
        }
}
