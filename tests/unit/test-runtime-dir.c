/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "base/fs.h"
#include "base/strv.h"
#include "project-util.h"
#include "state/lock.h"
#include "state/runtime-dir.h"

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
        fd = runtime_dir_make(base, ID, 0, &error);
        ASSERT_OK(fd, &error);
        container = runtime_dir_container_make(fd, "db", 0, &error);
        ASSERT_OK(container, &error);
        (void) umask(mask);
        for (int i = 0; i < 3; i++) {
                static const char *const paths[] = {"flake-containers", "flake-containers/" ID,
                                                    "flake-containers/" ID "/db"};

                test_set_row("%s", paths[i]);
                ASSERT_OK(fstatat(dir.fd, paths[i], &st, 0));
                ASSERT_EQ(st.st_mode & 07777u, i == 0 ? 0711u : 0700u);
        }
        test_set_row("%s", "");
        (void) safe_close(fd);
        fd = runtime_dir_make(base, ID, 0, &error);
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

#define OWNER 54321
#define OTHER 54322

/* What `uid` gets of a directory: 0 or a negative errno. */
static int look(const char *base, uid_t uid) {
        int status;
        pid_t pid = fork();

        ASSERT_TRUE(pid >= 0);
        if (pid == 0) {
                _cleanup_close_ int fd = -EBADF, container = -EBADF, file = -EBADF;
                int r = setresgid(uid, uid, uid) < 0 || setresuid(uid, uid, uid) < 0 ? -1 : 0;

                if (r >= 0)
                        r = runtime_dir_open(base, ID, &fd, NULL);
                if (r >= 0)
                        r = runtime_dir_container_open(fd, "db", &container, NULL);
                if (r >= 0)
                        r = file = openat(container, "exit", O_RDONLY | O_CLOEXEC) < 0 ? -errno : 0;
                if (r >= 0 && openat(container, "new", O_WRONLY | O_CREAT | O_CLOEXEC, 0600) >= 0)
                        r = -1;
                if (r >= 0 && unlinkat(container, "exit", 0) >= 0)
                        r = -1;
                _exit(-r);
        }
        ASSERT_EQ(waitpid(pid, &status, 0), pid);
        ASSERT_TRUE(WIFEXITED(status));
        return -WEXITSTATUS(status);
}

static void make_for_owner(const char *base) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_close_ int fd = runtime_dir_make(base, ID, OWNER, &error), container = -EBADF;

        ASSERT_OK(fd, &error);
        container = runtime_dir_container_make(fd, "db", OWNER, &error);
        ASSERT_OK(container, &error);
        ASSERT_OK(fs_write_atomic(container, "exit", "exited 0", 8, 0644, &error), &error);
}

TEST(the_owner_may_look) {
        TEST_DIR(dir);
        _cleanup_free_ char *base = base_of(&dir);

        if (geteuid() != 0)
                SKIP("needs root, to make a directory that is not the owner's");
        ASSERT_OK(fchmod(dir.fd, 0711));
        make_for_owner(base);
        ASSERT_EQ(look(base, OWNER), 0);
        ASSERT_EQ(look(base, OTHER), -EACCES);
        /* As an earlier release had it. */
        ASSERT_OK(fchmodat(dir.fd, "flake-containers/" ID, 0755, 0));
        ASSERT_OK(fchmodat(dir.fd, "flake-containers/" ID "/db", 0755, 0));
        make_for_owner(base);
        ASSERT_EQ(look(base, OWNER), 0);
        ASSERT_EQ(look(base, OTHER), -EACCES);
}

/* Without access control lists only root can list the directory. */
TEST(the_owner_may_look_without_acls) {
        _cleanup_free_ char *base = NULL;
        struct stat st;
        int status;
        pid_t pid;

        TEST_DIR(dir);
        if (geteuid() != 0)
                SKIP("needs root, to mount a file system");
        base = base_of(&dir);
        ASSERT_OK(fchmod(dir.fd, 0711));
        pid = fork();
        ASSERT_TRUE(pid >= 0);
        if (pid == 0) {
                ASSERT_OK(unshare(CLONE_NEWNS));
                ASSERT_OK(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
                ASSERT_OK(mount("ramfs", dir.path, "ramfs", 0, "mode=0711"));
                make_for_owner(base);
                ASSERT_EQ(look(base, OWNER), 0);
                ASSERT_OK(chdir(base));
                ASSERT_OK(stat(ID "/db", &st));
                ASSERT_EQ(st.st_mode & 07777u, 0711u);
                exit(0);
        }
        ASSERT_EQ(waitpid(pid, &status, 0), pid);
        ASSERT_EQ(status, 0);
}

TEST(claim) {
        static const char *const roots[] = {"/home/alice/shop", "/home/bob/shop", "/with\nnewline\n",
                                            "/a b"};
        _cleanup_(error_done) Error error = ERROR_NULL;

        TEST_DIR(dir);
        _cleanup_free_ char *base = base_of(&dir);
        _cleanup_close_ int fd = runtime_dir_make(base, ID, 0, &error);

        ASSERT_OK(fd, &error);
        ASSERT_TRUE(runtime_dir_find_project(base, ID) == NULL);
        ASSERT_TRUE(runtime_dir_find_project(base, "other-0000") == NULL);
        ASSERT_TRUE(runtime_dir_find_project(base, "../" ID) == NULL);
        for (size_t i = 0; i < ELEMENTSOF(roots); i++) {
                _cleanup_free_ char *found = NULL;

                test_set_row("%zu", i);
                /* The first one, and each that takes over what does not run. */
                ASSERT_OK(runtime_dir_claim(fd, ID, &(Checkout){.path = (char *) roots[i]}, false, &error),
                          &error);
                ASSERT_OK(runtime_dir_claim(fd, ID, &(Checkout){.path = (char *) roots[i]}, true, &error),
                          &error);
                found = runtime_dir_find_project(base, ID);
                ASSERT_STREQ(found, roots[i]);
        }
}

TEST(claim_of_one_that_runs) {
        _cleanup_(error_done) Error error = ERROR_NULL;

        TEST_DIR(dir);
        _cleanup_free_ char *base = base_of(&dir), *found = NULL;
        _cleanup_close_ int fd = runtime_dir_make(base, ID, 0, &error);

        ASSERT_OK(runtime_dir_claim(fd, ID, &(Checkout){.path = (char *) "/home/alice/shop"}, true, &error),
                  &error);
        ASSERT_ERROR(runtime_dir_claim(fd, ID, &(Checkout){.path = (char *) "/home/bob/shop"}, true, &error),
                     &error, FC_EXIT_CONFLICT, "another checkout, '/home/alice/shop'");
        ASSERT_TRUE(error.hints && strstr(error.hints[0], "/home/alice/shop"));
        found = runtime_dir_find_project(base, ID);
        ASSERT_STREQ(found, "/home/alice/shop");
}

/* In use it keeps its path, wherever it is moved to; and another one at that path is another. */
TEST(claim_is_of_a_directory) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        Checkout shop = {.path = (char *) "/home/alice/shop", .known = true, .dev = 1, .ino = 2},
                 moved = shop, other = shop;
        _cleanup_(checkout_done) Checkout owner = {};
        const char *container;

        TEST_DIR(dir);
        _cleanup_free_ char *base = base_of(&dir), *found = NULL;
        _cleanup_close_ int fd = runtime_dir_make(base, ID, 0, &error);

        moved.path = (char *) "/home/alice/moved";
        other.path = (char *) "/home/bob/shop";
        other.ino = 3;
        ASSERT_OK(runtime_dir_claim(fd, ID, &shop, true, &error), &error);
        ASSERT_OK(runtime_dir_claim(fd, ID, &moved, true, &error), &error);
        found = runtime_dir_find_project(base, ID);
        ASSERT_STREQ(found, shop.path);
        ASSERT_ERROR(runtime_dir_claim(fd, ID, &other, true, &error), &error, FC_EXIT_CONFLICT,
                     "another checkout, '/home/alice/shop'");
        ASSERT_OK(runtime_dir_claim(fd, ID, &moved, false, NULL), NULL);
        free(found);
        found = runtime_dir_find_project(base, ID);
        ASSERT_STREQ(found, moved.path);

        ASSERT_TRUE(runtime_dir_find_owner(base, ID "-my-db", &owner, &container));
        ASSERT_STREQ(container, "my-db");
        ASSERT_TRUE(checkout_is_same(&owner, &shop));
        ASSERT_TRUE(!runtime_dir_find_owner(base, "other-3f2a-db", &owner, &container));
        ASSERT_TRUE(!runtime_dir_find_owner(base, "../" ID "-db", &owner, &container));
        ASSERT_TRUE(!runtime_dir_find_owner(base, ID, &owner, &container));
}

TEST(damaged_path_file) {
        static const char *const table[] = {
                "", "\n", "x\n", "relative/path\n", "/no-newline", "/x\\0y\\n", "1 2 3 4 - x\n"};

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;

                TEST_DIR(dir);
                _cleanup_free_ char *base = base_of(&dir);
                _cleanup_close_ int fd = runtime_dir_make(base, ID, 0, &error);

                test_set_row("%zu", i);
                ASSERT_EQ(test_shell(&dir, "printf '%s' > flake-containers/" ID "/project.path", table[i]),
                          0);
                ASSERT_TRUE(runtime_dir_find_project(base, ID) == NULL);
                ASSERT_OK(runtime_dir_claim(fd, ID, &(Checkout){.path = (char *) "/home/bob/shop"}, true,
                                            &error),
                          &error);
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
        _cleanup_close_ int fd = runtime_dir_make(base, ID, 0, &error);

        for (size_t i = 0; i < ELEMENTSOF(ids); i++) {
                test_set_row("%s", ids[i]);
                ASSERT_ERROR(runtime_dir_make(base, ids[i], 0, &error), &error, FC_EXIT_USAGE,
                             "is not a project id");
                ASSERT_ERROR(runtime_dir_open(base, ids[i], &other, &error), &error, FC_EXIT_USAGE,
                             "is not a project id");
        }
        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                test_set_row("%s", names[i]);
                ASSERT_ERROR(runtime_dir_container_make(fd, names[i], 0, &error), &error, FC_EXIT_USAGE,
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
        ASSERT_TRUE(runtime_dir_make(base, ID, 0, &error) < 0);
        ASSERT_EQ(error.exit, FC_EXIT_CONFLICT);
        ASSERT_EQ(test_shell(&dir, "rm -r flake-containers && ln -s other flake-containers"), 0);
        ASSERT_TRUE(runtime_dir_make(base, ID, 0, &error) < 0);
        ASSERT_EQ(test_shell(&dir, "test -z \"$(ls other)\""), 0);
}

static void cannot(const TestDir *dir) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *base = base_of(dir);

        ASSERT_ERROR(runtime_dir_make(base, ID, 0, &error), &error, FC_EXIT_HOST, "Permission denied");
}

TEST(needs_permission) {
        SKIP_UNLESS_ROOT();
        TEST_DIR(dir);
        test_as_user(TEST_UID, cannot, &dir);
}

TEST(listed_and_removed) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_strv_ char **ids = NULL, **none = NULL, **left = NULL;

        TEST_DIR(dir);
        _cleanup_free_ char *base = base_of(&dir), *path = xasprintf("%s/.removed-blog-12ab", base);
        _cleanup_close_ int fd = -EBADF;

        ASSERT_OK(runtime_dir_list(base, &none, &error), &error);
        ASSERT_OK(runtime_dir_finish(base, false, &none, &error), &error);
        ASSERT_OK(runtime_dir_remove(base, ID, &error), &error);
        ASSERT_TRUE(none == NULL);
        fd = runtime_dir_make(base, ID, 0, &error);
        ASSERT_OK(fd, &error);
        ASSERT_EQ(test_shell(&dir,
                             "cd flake-containers && mkdir machine .removed-" ID " .removed-blog-12ab && "
                             "mkdir " ID "/db && touch " ID "/db.lock .removed-" ID
                             "/x .removed-blog-12ab/x"),
                  0);
        ASSERT_OK(runtime_dir_list(base, &ids, &error), &error);
        ASSERT_EQ(strv_length(ids), 1u);
        ASSERT_STREQ(ids[0], ID);
        /* Where one that was killed has left an older one. */
        ASSERT_OK(runtime_dir_remove(base, ID, &error), &error);
        ASSERT_OK(runtime_dir_remove(base, ID, &error), &error);
        ASSERT_EQ(test_shell(&dir,
                             "test \"$(ls -A flake-containers | xargs)\" = '.removed-blog-12ab machine'"),
                  0);

        ASSERT_OK(runtime_dir_finish(base, true, &left, &error), &error);
        ASSERT_STREQ(left[0], path);
        left = strv_free(left);
        ASSERT_OK(runtime_dir_finish(base, false, &left, &error), &error);
        ASSERT_EQ(strv_length(left), 1u);
        ASSERT_EQ(test_shell(&dir, "test \"$(ls -A flake-containers)\" = machine"), 0);
}

TEST(base_is_locked_for_a_while) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_close_ int made = -EBADF, first = -EBADF, second = -EBADF;

        TEST_DIR(dir);
        _cleanup_free_ char *base = base_of(&dir);

        ASSERT_OK(runtime_dir_lock_base(base, 0, &first, &error), &error);
        ASSERT_EQ(first, -EBADF);
        made = runtime_dir_make(base, ID, 0, &error);
        ASSERT_OK(made, &error);
        ASSERT_OK(runtime_dir_lock_base(base, USEC_PER_SEC, &first, &error), &error);
        ASSERT_TRUE(first >= 0);
        ASSERT_ERROR(runtime_dir_lock_base(base, USEC_PER_MSEC, &second, &error), &error, FC_EXIT_CONFLICT,
                     "is locked by another command");
        error_done(&error);
        first = safe_close(first);
        ASSERT_OK(runtime_dir_lock_base(base, USEC_PER_SEC, &second, &error), &error);
        ASSERT_TRUE(second >= 0);
}
