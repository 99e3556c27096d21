/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "project-util.h"
#include "record/state-place.h"

TEST(is_found_again_and_no_other) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_close_ int state_fd = -EBADF, found_fd = -EBADF;
        struct stat a, b;
        TEST_DIR(runtime);
        TEST_DIR(project);

        ASSERT_OK(state_place_open(runtime.fd, &found_fd, &error), &error);
        ASSERT_EQ(found_fd, -EBADF);

        /* A name that no bus would carry. */
        state_fd = fs_mkdir_beneath(project.fd, "a \n\xff%1$s", 0755, &error);
        ASSERT_OK(state_fd, &error);
        ASSERT_OK(state_place_write(runtime.fd, state_fd, &error), &error);
        ASSERT_OK(state_place_open(runtime.fd, &found_fd, &error), &error);
        ASSERT_TRUE(found_fd >= 0);
        ASSERT_OK(fstat(state_fd, &a), &error);
        ASSERT_OK(fstat(found_fd, &b), &error);
        ASSERT_EQ(a.st_ino, b.st_ino);
        found_fd = safe_close(found_fd);

        /* Another one of that name, a link to it, nothing. */
        ASSERT_EQ(renameat(project.fd, "a \n\xff%1$s", project.fd, "b"), 0);
        ASSERT_EQ(mkdirat(project.fd, "a \n\xff%1$s", 0755), 0);
        ASSERT_OK(state_place_open(runtime.fd, &found_fd, &error), &error);
        ASSERT_EQ(found_fd, -EBADF);
        ASSERT_EQ(unlinkat(project.fd, "a \n\xff%1$s", AT_REMOVEDIR), 0);
        ASSERT_EQ(symlinkat("b", project.fd, "a \n\xff%1$s"), 0);
        ASSERT_OK(state_place_open(runtime.fd, &found_fd, &error), &error);
        ASSERT_EQ(found_fd, -EBADF);
        ASSERT_EQ(unlinkat(project.fd, "a \n\xff%1$s", 0), 0);
        ASSERT_OK(state_place_open(runtime.fd, &found_fd, &error), &error);
        ASSERT_EQ(found_fd, -EBADF);
}

TEST(a_damaged_one_is_an_error) {
        static const char *const table[] = {"",      "x",      "1",     "1 2", "1 2 ", "1 2 relative",
                                            "1 2 /", "x 2 /a", "1 x /a"};
        TEST_DIR(dir);

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                int fd = -EBADF;

                ASSERT_OK(fs_write_atomic(dir.fd, "state", table[i], strlen(table[i]), 0600, &error),
                          &error);
                test_set_row("%s", table[i]);
                ASSERT_ERROR(state_place_open(dir.fd, &fd, &error), &error, FC_EXIT_INTERNAL, "damaged");
                ASSERT_EQ(fd, -EBADF);
        }
}
