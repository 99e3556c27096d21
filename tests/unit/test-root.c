/* SPDX-License-Identifier: MIT */

/* Against real repositories, made by git. */

#include "project/identity.h"
#include "project/root.h"
#include "project/state-dir.h"
#include "project-util.h"

#define SKIP_UNLESS_GIT()                                                                                   \
        if (!test_have("git"))                                                                              \
        SKIP("needs git")

static void expect(const TestDir *dir, const char *start, const char *root) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *from = xasprintf("%s/%s", dir->path, start),
                            *expected = root[0] ? xasprintf("%s/%s", dir->path, root) : xstrdup(dir->path),
                            *found = NULL;

        test_set_row("%s", start);
        ASSERT_OK(project_root_find(from, &found, &error), &error);
        ASSERT_STREQ(found, expected);
        test_set_row("%s", "");
}

static void refuse(const TestDir *dir, const char *start, const char *message) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *from = xasprintf("%s/%s", dir->path, start), *found = NULL;

        test_set_row("%s", start);
        ASSERT_ERROR(project_root_find(from, &found, &error), &error, FC_EXIT_USAGE, message);
        ASSERT_TRUE(found == NULL);
        test_set_row("%s", "");
}

/* As `up` leaves it, so that the root is found without libgit2. */
static void make_state(const TestDir *dir, const char *root) {
        _cleanup_(state_dir_done) StateDir state = STATE_DIR_NULL;
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *path = xasprintf("%s/%s", dir->path, root);
        InvokingUser user;

        ASSERT_OK(user_invoking(&user, &error), &error);
        ASSERT_OK(state_dir_open(path, &user, &state, &error), &error);
        ASSERT_OK(state_dir_make(&state, &error), &error);
}

TEST(kinds_of_work_trees) {
        SKIP_UNLESS_GIT();
        test_clear_environment();
        TEST_DIR(dir);
        ASSERT_EQ(test_shell(&dir,
                             "git init -q main && cd main && mkdir -p a/b && echo x > a/b/f && git add . && "
                             "git commit -qm x && git worktree add -q ../tree && "
                             "git -c protocol.file.allow=always submodule --quiet add ../main sub && "
                             "cd .. && ln -s main/a link && mkdir 'od d$%%' && git init -q 'od d$%%/x'"),
                  0);
        for (int with_state = 0; with_state < 2; with_state++) {
                expect(&dir, "main", "main");
                expect(&dir, "main/a/b", "main");
                expect(&dir, "main/./a/../a/b/", "main");
                expect(&dir, "main/.git", "main");
                expect(&dir, "main/.git/objects", "main");
                expect(&dir, "tree", "tree");
                expect(&dir, "tree/a/b", "tree");
                expect(&dir, "main/sub", "main/sub");
                expect(&dir, "main/sub/a", "main/sub");
                expect(&dir, "link/b", "main");
                expect(&dir, "od d$%/x", "od d$%/x");
                if (!with_state) {
                        make_state(&dir, "main");
                        make_state(&dir, "tree");
                        make_state(&dir, "main/sub");
                        make_state(&dir, "od d$%/x");
                }
        }
}

/* In a git hook these name the repository of the hook, and relative paths besides. */
TEST(git_dir_in_the_environment_does_not_count) {
        SKIP_UNLESS_GIT();
        TEST_DIR(dir);
        ASSERT_EQ(test_shell(&dir, "git init -q a && git init -q b"), 0);
        _cleanup_free_ char *other = xasprintf("%s/b/.git", dir.path);

        (void) setenv("GIT_DIR", other, 1);
        (void) setenv("GIT_WORK_TREE", "/", 1);
        expect(&dir, "a", "a");
        (void) unsetenv("GIT_DIR");
        (void) unsetenv("GIT_WORK_TREE");
}

TEST(elsewhere) {
        SKIP_UNLESS_GIT();
        TEST_DIR(dir);
        ASSERT_EQ(test_shell(&dir, "git init -q --bare bare.git && mkdir none && git init -q broken && "
                                   "echo '[core' > broken/.git/config && mkdir gone && echo 'gitdir: "
                                   "/nowhere' > gone/.git && "
                                   "git init -q outer && git init -q --bare outer/inner.git"),
                  0);
        refuse(&dir, "none", "is in no git repository");
        refuse(&dir, "bare.git", "is in the bare git repository");
        refuse(&dir, "bare.git/objects", "is in the bare git repository");
        refuse(&dir, "broken", "open the git repository of");
        refuse(&dir, "gone", "does not lead to a git repository");
        refuse(&dir, "missing", "No such file or directory");
        refuse(&dir, "outer/inner.git", "bare");
        make_state(&dir, "outer");
        expect(&dir, "outer", "outer");
        refuse(&dir, "outer/inner.git", "bare");
}

TEST(hints) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *found = NULL;

        TEST_DIR(dir);
        ASSERT_TRUE(project_root_find(dir.path, &found, &error) < 0);
        ASSERT_TRUE(error.hints && strstr(error.hints[0], "git init") && strstr(error.hints[0], "--root"));
}

static void finds_own(const TestDir *dir) {
        _cleanup_free_ char *home = xasprintf("%s/home", dir->path);

        (void) setenv("HOME", home, 1);
        expect(dir, "home/p", "home/p");
        expect(dir, "home/p/sub", "home/p");
}

static void refuses_others(const TestDir *dir) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *home = xasprintf("%s/home", dir->path),
                            *path = xasprintf("%s/roots", dir->path), *found = NULL;

        (void) setenv("HOME", home, 1);
        ASSERT_ERROR(project_root_find(path, &found, &error), &error, FC_EXIT_USAGE, "belongs to root");
        ASSERT_TRUE(error.hints && strstr(error.hints[0], "safe.directory"));
}

static void trusts_others(const TestDir *dir) {
        _cleanup_free_ char *home = xasprintf("%s/home", dir->path);

        (void) setenv("HOME", home, 1);
        expect(dir, "roots", "roots");
}

static void cannot_read_home(const TestDir *dir) {
        _cleanup_free_ char *closed = xasprintf("%s/closed", dir->path),
                            *bad = xasprintf("%s/bad", dir->path);

        (void) setenv("HOME", closed, 1);
        expect(dir, "home/p/sub", "home/p");
        (void) setenv("HOME", bad, 1);
        expect(dir, "home/p/sub", "home/p");
}

static void make_homes(const TestDir *dir) {
        ASSERT_EQ(test_shell(dir,
                             "git init -q roots && mkdir home && git init -q home/p && mkdir home/p/sub && "
                             "chown -R %d:%d home && chmod -R go-rwx home/p",
                             TEST_UID, TEST_UID),
                  0);
}

TEST(owners) {
        _cleanup_free_ char *uid = xasprintf("%d", TEST_UID);

        SKIP_UNLESS_ROOT();
        SKIP_UNLESS_GIT();
        TEST_DIR(dir);
        make_homes(&dir);
        for (int with_state = 0; with_state < 2; with_state++) {
                test_clear_environment();
                test_as_user(TEST_UID, finds_own, &dir);
                test_as_user(TEST_UID, refuses_others, &dir);
                test_as_user(TEST_UID + 1, refuses_others, &dir);

                expect(&dir, "roots", "roots");
                refuse(&dir, "home/p", "belongs to uid 12345");
                (void) setenv("SUDO_UID", "54321", 1);
                (void) setenv("SUDO_GID", "54321", 1);
                refuse(&dir, "home/p", "belongs to uid 12345");
                expect(&dir, "roots", "roots");
                (void) setenv("SUDO_UID", uid, 1);
                (void) setenv("SUDO_GID", uid, 1);
                expect(&dir, "home/p/sub", "home/p");
                expect(&dir, "roots", "roots");
                if (!with_state) {
                        make_state(&dir, "roots");
                        make_state(&dir, "home/p");
                }
        }
        test_clear_environment();
        ASSERT_EQ(
                test_shell(&dir, "printf '[safe]\\n\\tdirectory = %s/roots\\n' > home/.gitconfig", dir.path),
                0);
        test_as_user(TEST_UID, trusts_others, &dir);
}

/* HOME of another user, or with a mistake in its configuration. */
TEST(unreadable_configuration) {
        SKIP_UNLESS_ROOT();
        SKIP_UNLESS_GIT();
        test_clear_environment();
        TEST_DIR(dir);
        make_homes(&dir);
        ASSERT_EQ(test_shell(&dir, "mkdir -m 700 closed && mkdir bad && echo '[core' > bad/.gitconfig"), 0);
        test_as_user(TEST_UID, cannot_read_home, &dir);
}

/* libgit2 itself knows nothing of these. */
TEST(doas_and_pkexec) {
        SKIP_UNLESS_ROOT();
        SKIP_UNLESS_GIT();
        TEST_DIR(dir);
        ASSERT_EQ(test_shell(&dir, "git init -q p && chown -R daemon p && git init -q q && chown -R bin q"),
                  0);
        for (int with_state = 0; with_state < 2; with_state++) {
                test_clear_environment();
                refuse(&dir, "p", "belongs to daemon");
                (void) setenv("DOAS_USER", "daemon", 1);
                expect(&dir, "p", "p");
                refuse(&dir, "q", "belongs to bin");
                test_clear_environment();
                (void) setenv("PKEXEC_UID", "1", 1);
                expect(&dir, "p", "p");
                refuse(&dir, "q", "belongs to bin");
                if (!with_state)
                        make_state(&dir, "p");
        }
        test_clear_environment();
}

/* Somebody may lay a work tree in /tmp and wait for root to come along. */
TEST(a_state_directory_proves_nothing_about_owners) {
        SKIP_UNLESS_ROOT();
        SKIP_UNLESS_GIT();
        test_clear_environment();
        TEST_DIR(dir);
        ASSERT_EQ(test_shell(&dir, "git init -q evil && mkdir evil/.containers && echo x > "
                                   "evil/.containers/CACHEDIR.TAG"
                                   " && chown -R bin evil"),
                  0);
        refuse(&dir, "evil", "belongs to bin");
}

static bool tracks(const char *root, const char *name) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        bool tracked;

        ASSERT_OK(project_root_tracks(root, name, &tracked, &error), &error);
        return tracked;
}

TEST(tracked) {
        SKIP_UNLESS_GIT();
        TEST_DIR(dir);
        ASSERT_EQ(test_shell(
                          &dir,
                          "mkdir none && git init -q main && cd main && mkdir -p sub/.containers && touch x "
                          "sub/.containers/y && git add . && git commit -qm x && git worktree add -q "
                          "../tree && cd "
                          "../tree && mkdir .containers && touch .containers/z && git add -f .containers && "
                          "cd ../main "
                          "&& git -c protocol.file.allow=always submodule --quiet add ../main module"),
                  0);
        _cleanup_free_ char *root = xasprintf("%s/main", dir.path), *sub = xasprintf("%s/sub", root),
                            *tree = xasprintf("%s/tree", dir.path), *module = xasprintf("%s/module", root),
                            *none = xasprintf("%s/none", dir.path),
                            *module_sub = xasprintf("%s/sub", module);

        ASSERT_TRUE(!tracks(root, ".containers"));
        ASSERT_TRUE(tracks(root, "sub"));
        ASSERT_TRUE(tracks(sub, ".containers"));
        ASSERT_TRUE(tracks(tree, ".containers"));
        ASSERT_TRUE(!tracks(module, ".containers"));
        ASSERT_TRUE(tracks(module_sub, ".containers"));
        ASSERT_TRUE(!tracks(none, ".containers"));
}

TEST(damaged_index_is_no_obstacle) {
        SKIP_UNLESS_GIT();
        TEST_DIR(dir);
        ASSERT_EQ(test_shell(&dir, "git init -q . && echo rubbish > .git/index"), 0);
        ASSERT_TRUE(!tracks(dir.path, ".containers"));
}
