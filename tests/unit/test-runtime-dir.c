/* SPDX-License-Identifier: MIT */

#include "project/lock.h"
#include "project/runtime-dir.h"
#include "project-util.h"

#define ID "shop-3f2a"

static char *base_of(const TestDir *dir) {
        return xasprintf("%s/flake-containers", dir->path);
}

TEST(made_and_found) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        struct stat st;
        mode_t mask;

        TEST_DIR(dir);
        _cleanup_free_ char *base = base_of(&dir);
        _cleanup_close_ int fd = -EBADF, again = -EBADF, container = -EBADF;

        ASSERT_OK(runtime_dir_open(base, ID, &again, &error), &error);
        ASSERT_EQ(again, -EBADF);
        mask = umask(077);
        fd = runtime_dir_make(base, ID, &error);
        ASSERT_OK(fd, &error);
        container = runtime_dir_container_make(fd, "db", &error);
        ASSERT_OK(container, &error);
        (void) umask(mask);
        for (int i = 0; i < 3; i++) {
                static const char *const paths[] = {"flake-containers", "flake-containers/" ID,
                                                    "flake-containers/" ID "/db"};

                ASSERT_OK(fstatat(dir.fd, paths[i], &st, 0));
                ASSERT_EQ(st.st_mode & 07777u, 0755u);
        }
        (void) safe_close(fd);
        fd = runtime_dir_make(base, ID, &error);
        ASSERT_OK(fd, &error);
        ASSERT_OK(runtime_dir_open(base, ID, &again, &error), &error);
        ASSERT_TRUE(again >= 0);
        (void) safe_close(container);
        ASSERT_OK(runtime_dir_container_open(again, "db", &container, &error), &error);
        ASSERT_TRUE(container >= 0);
        container = safe_close(container);
        ASSERT_OK(runtime_dir_container_open(again, "web", &container, &error), &error);
        ASSERT_EQ(container, -EBADF);
}

TEST(claim) {
        static const char *const roots[] = {"/home/alice/shop", "/home/bob/shop", "/with\nnewline\n",
                                            "/a b"};
        _cleanup_(error_done) Error error = ERROR_NULL;

        TEST_DIR(dir);
        _cleanup_free_ char *base = base_of(&dir);
        _cleanup_close_ int fd = runtime_dir_make(base, ID, &error);

        ASSERT_OK(fd, &error);
        ASSERT_TRUE(runtime_dir_find_project(base, ID) == NULL);
        ASSERT_TRUE(runtime_dir_find_project(base, "other-0000") == NULL);
        ASSERT_TRUE(runtime_dir_find_project(base, "../" ID) == NULL);
        for (size_t i = 0; i < ELEMENTSOF(roots); i++) {
                _cleanup_free_ char *found = NULL;

                test_set_row("%zu", i);
                /* The first one, and each that takes over what does not run. */
                ASSERT_OK(runtime_dir_claim(fd, ID, roots[i], false, &error), &error);
                ASSERT_OK(runtime_dir_claim(fd, ID, roots[i], true, &error), &error);
                found = runtime_dir_find_project(base, ID);
                ASSERT_STREQ(found, roots[i]);
        }
}

TEST(claim_of_one_that_runs) {
        _cleanup_(error_done) Error error = ERROR_NULL;

        TEST_DIR(dir);
        _cleanup_free_ char *base = base_of(&dir), *found = NULL;
        _cleanup_close_ int fd = runtime_dir_make(base, ID, &error);

        ASSERT_OK(runtime_dir_claim(fd, ID, "/home/alice/shop", true, &error), &error);
        ASSERT_ERROR(runtime_dir_claim(fd, ID, "/home/bob/shop", true, &error), &error, FC_EXIT_CONFLICT,
                     "another checkout, '/home/alice/shop'");
        ASSERT_TRUE(error.hints && strstr(error.hints[0], "/home/alice/shop"));
        found = runtime_dir_find_project(base, ID);
        ASSERT_STREQ(found, "/home/alice/shop");
}

TEST(damaged_path_file) {
        static const char *const table[] = {"", "\n", "x\n", "relative/path\n", "/no-newline", "/x\\0y\\n"};

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;

                TEST_DIR(dir);
                _cleanup_free_ char *base = base_of(&dir);
                _cleanup_close_ int fd = runtime_dir_make(base, ID, &error);

                test_set_row("%zu", i);
                ASSERT_EQ(test_shell(&dir, "printf '%s' > flake-containers/" ID "/project.path", table[i]),
                          0);
                ASSERT_TRUE(runtime_dir_find_project(base, ID) == NULL);
                ASSERT_OK(runtime_dir_claim(fd, ID, "/home/bob/shop", true, &error), &error);
        }
}

TEST(refusals) {
        static const char *const ids[] = {"", "..", "shop", "a/b-3f2a", "../shop-3f2a"};
        static const char *const names[] = {
                "", ".", "..", "a/b", "project.path", LOCK_PROJECT, "@project.lock"};
        _cleanup_(error_done) Error error = ERROR_NULL;
        int other = 7;

        TEST_DIR(dir);
        _cleanup_free_ char *base = base_of(&dir);
        _cleanup_close_ int fd = runtime_dir_make(base, ID, &error);

        for (size_t i = 0; i < ELEMENTSOF(ids); i++) {
                test_set_row("%s", ids[i]);
                ASSERT_ERROR(runtime_dir_make(base, ids[i], &error), &error, FC_EXIT_USAGE,
                             "is no project id");
                ASSERT_ERROR(runtime_dir_open(base, ids[i], &other, &error), &error, FC_EXIT_USAGE,
                             "is no project id");
        }
        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                test_set_row("%s", names[i]);
                ASSERT_ERROR(runtime_dir_container_make(fd, names[i], &error), &error, FC_EXIT_USAGE,
                             "container");
                ASSERT_ERROR(runtime_dir_container_open(fd, names[i], &other, &error), &error, FC_EXIT_USAGE,
                             "container");
        }
        ASSERT_EQ(other, 7);
}

TEST(links_are_not_followed) {
        _cleanup_(error_done) Error error = ERROR_NULL;

        TEST_DIR(dir);
        _cleanup_free_ char *base = base_of(&dir);

        ASSERT_EQ(test_shell(&dir, "mkdir other flake-containers && ln -s ../other flake-containers/" ID),
                  0);
        ASSERT_TRUE(runtime_dir_make(base, ID, &error) < 0);
        ASSERT_EQ(error.exit, FC_EXIT_CONFLICT);
        ASSERT_EQ(test_shell(&dir, "rm -r flake-containers && ln -s other flake-containers"), 0);
        ASSERT_TRUE(runtime_dir_make(base, ID, &error) < 0);
        ASSERT_EQ(test_shell(&dir, "test -z \"$(ls other)\""), 0);
}

static void cannot(const TestDir *dir) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *base = base_of(dir);

        ASSERT_ERROR(runtime_dir_make(base, ID, &error), &error, FC_EXIT_HOST, "Permission denied");
}

TEST(needs_permission) {
        SKIP_UNLESS_ROOT();
        TEST_DIR(dir);
        test_as_user(TEST_UID, cannot, &dir);
}
