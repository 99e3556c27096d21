/* SPDX-License-Identifier: MIT */

/* Against real repositories, made by git. */

#include <signal.h>
#include <sys/stat.h>

#include "base/process.h"
#include "base/strv.h"
#include "project-util.h"
#include "project/place.h"
#include "project/root.h"
#include "project/state-dir.h"
#include "project/tracked.h"
#include "state/identity.h"

#define SKIP_UNLESS_GIT()                                                                                   \
        if (!test_have("git"))                                                                              \
        SKIP("needs git")

static void expect(const TestDir *dir, const char *start, const char *root) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *from = xasprintf("%s/%s", dir->path, start),
                            *expected = root[0] ? xasprintf("%s/%s", dir->path, root) : xstrdup(dir->path),
                            *found = NULL;

        test_set_row("%s", start);
        ASSERT_OK(project_root_find(from, NULL, &found, &error), &error);
        ASSERT_STREQ(found, expected);
        test_set_row("%s", "");
}

static void refuse(const TestDir *dir, const char *start, const char *message) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *from = xasprintf("%s/%s", dir->path, start), *found = NULL;

        test_set_row("%s", start);
        ASSERT_ERROR(project_root_find(from, NULL, &found, &error), &error, FC_EXIT_USAGE, message);
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

static void expect_in(const TestDir *dir, const char *start, const char *subdir, const char *root) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *from = xasprintf("%s/%s", dir->path, start),
                            *expected = xasprintf("%s/%s", dir->path, root), *found = NULL;

        test_set_row("%s, %s", start, subdir);
        ASSERT_OK(project_root_find(from, subdir, &found, &error), &error);
        ASSERT_STREQ(found, expected);
        test_set_row("%s", "");
}

static void refuse_in(const TestDir *dir, const char *start, const char *subdir, const char *message) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *from = xasprintf("%s/%s", dir->path, start), *found = NULL;

        test_set_row("%s, %s", start, subdir);
        ASSERT_ERROR(project_root_find(from, subdir, &found, &error), &error, FC_EXIT_USAGE, message);
        ASSERT_TRUE(error.hints && strstr(error.hints[0], "--root"));
        test_set_row("%s", "");
}

/* Two flakes in one repository are two projects, and the work tree of each kind ends the search. */
TEST(nearest_flake) {
        SKIP_UNLESS_GIT();
        test_clear_environment();
        TEST_DIR(dir);
        ASSERT_EQ(
                test_shell(&dir,
                           "touch flake.nix && git init -q main && cd main && mkdir -p a/x/y b/x c/.git2 && "
                           "touch a/flake.nix a/x/f b/flake-containers.json c/f && git add . && "
                           "git commit -qm x && git worktree add -q ../tree && "
                           "git -c protocol.file.allow=always submodule --quiet add ../main a/sub"),
                0);
        for (int with_state = 0; with_state < 2; with_state++) {
                expect(&dir, "main", "main");
                expect(&dir, "main/c", "main");
                expect(&dir, "main/a", "main/a");
                expect(&dir, "main/a/x/y", "main/a");
                expect(&dir, "main/b/x", "main/b");
                expect(&dir, "tree/a/x", "tree/a");
                expect(&dir, "tree/c", "tree");
                expect(&dir, "main/a/sub", "main/a/sub");
                expect(&dir, "main/a/sub/c", "main/a/sub");
                expect(&dir, "main/a/sub/a/x", "main/a/sub/a");

                expect_in(&dir, "main", "a", "main/a");
                expect_in(&dir, "main/b/x", "a", "main/a");
                expect_in(&dir, "tree/b", "a", "tree/a");
                expect_in(&dir, "main/a/sub/b", "a", "main/a/sub/a");
                refuse_in(&dir, "main/a", "", "there is no '");
                refuse_in(&dir, "main", "c", "/main/c/flake.nix'");
                refuse_in(&dir, "main", "d", "/main/d/flake.nix'");
                refuse_in(&dir, "main", "..", "/main/../flake.nix'");
                if (!with_state) {
                        make_state(&dir, "main/a");
                        make_state(&dir, "main/b");
                        make_state(&dir, "main");
                        make_state(&dir, "tree/a");
                        make_state(&dir, "main/a/sub/a");
                }
        }
}

/* A guest's files in its root do not make a project or a repository, however near they are. */
TEST(inside_of_the_state) {
        SKIP_UNLESS_GIT();
        test_clear_environment();
        TEST_DIR(dir);
        ASSERT_EQ(test_shell(&dir, "mkdir -p main/a && git init -q main && touch main/a/flake.nix"), 0);
        make_state(&dir, "main/a");
        ASSERT_EQ(test_shell(&dir,
                             "cd main/a/.containers && mkdir -p web/root/.containers web/root/home && cd "
                             "web/root && "
                             "touch flake.nix home/flake.nix .containers/CACHEDIR.TAG && git init -q home"),
                  0);
        expect(&dir, "main/a/.containers", "main/a");
        expect(&dir, "main/a/.containers/web/root", "main/a");
        expect(&dir, "main/a/.containers/web/root/home", "main/a");
        expect(&dir, "main/a/.containers/web/root/.containers", "main/a");
        /* A directory of that name that is not ours. */
        ASSERT_EQ(test_shell(&dir, "mkdir -p main/.containers/b main/.containersx && "
                                   "touch main/.containers/b/flake.nix"),
                  0);
        expect(&dir, "main/.containers/b", "main/.containers/b");
        expect(&dir, "main/.containersx", "main");
}

static char *old_state(const TestDir *dir, const char *root) {
        _cleanup_free_ char *path = xasprintf("%s/%s", dir->path, root), *top = place_old_state(path);

        return top ? xstrdup(top + strlen(dir->path) + 1) : NULL;
}

TEST(state_of_the_repository) {
        SKIP_UNLESS_GIT();
        test_clear_environment();
        TEST_DIR(dir);
        ASSERT_EQ(test_shell(&dir, "mkdir -p main/a other/a && git init -q main && git init -q other && "
                                   "mkdir other/.containers && touch main/a/flake.nix other/a/flake.nix"),
                  0);
        make_state(&dir, "main");
        _cleanup_free_ char *first = old_state(&dir, "main/a"), *second = NULL, *third = NULL;

        ASSERT_STREQ(first, "main");
        ASSERT_TRUE(old_state(&dir, "main") == NULL);
        /* Not ours. */
        ASSERT_TRUE(old_state(&dir, "other/a") == NULL);
        /* That of another project. */
        ASSERT_EQ(test_shell(&dir, "touch main/flake.nix"), 0);
        second = old_state(&dir, "main/a");
        ASSERT_TRUE(second == NULL);
        ASSERT_EQ(test_shell(&dir, "rm main/flake.nix"), 0);
        make_state(&dir, "main/a");
        third = old_state(&dir, "main/a");
        ASSERT_TRUE(third == NULL);
}

/* The hash of a work tree after a command; each file in it is given a time long ago before. */
static uint64_t hash_after(const TestDir *dir, const char *command) {
        _cleanup_free_ char *root = xasprintf("%s/main/a", dir->path);
        uint64_t hash = 0;
        bool settled;

        test_set_row("%s", command);
        ASSERT_EQ(test_shell(dir, "cd main && %s", command), 0);
        ASSERT_TRUE(tracked_hash(root, &hash, &settled));
        test_set_row("%s", "");
        return hash;
}

/* All that Nix could make something else of gives another number, and nothing else does. */
TEST(hash_of_a_work_tree) {
        static const char *const changes[] = {
                "echo y > f",
                "echo y > a/flake.nix",
                "chmod +x f",
                "rm f",
                "git add new",
                "git rm -q --cached new",
                "git commit -qm y",
                "git commit -q --amend -m z",
                "ln -sfn a link && git add link",
                "ln -sfn b link",
                "touch -d @1 f",
                "git commit -q --allow-empty -m e",
        };
        static const char *const others[] = {"true", "echo y > other", "git status", "touch .git/index",
                                             "mkdir a/.containers"};
        uint64_t last;

        SKIP_UNLESS_GIT();
        test_clear_environment();
        TEST_DIR(dir);
        ASSERT_EQ(test_shell(&dir, "mkdir -p main/a none && git init -q main && cd main && echo x > f && "
                                   "touch a/flake.nix new && git add f a"),
                  0);
        last = hash_after(&dir, "true");
        for (size_t i = 0; i < ELEMENTSOF(changes); i++) {
                uint64_t now = hash_after(&dir, changes[i]);

                test_set_row("%s", changes[i]);
                ASSERT_TRUE(now != last);
                test_set_row("%s", "");
                last = now;
        }
        for (size_t i = 0; i < ELEMENTSOF(others); i++) {
                test_set_row("%s", others[i]);
                ASSERT_TRUE(hash_after(&dir, others[i]) == last);
                test_set_row("%s", "");
        }
}

TEST(directories_of_a_work_tree) {
        static const char *const names[] = {"main/.git/", "main/", "main/a", "main/a/b"};
        _cleanup_free_ char *root = NULL, *none = NULL;
        _cleanup_strv_ char **found = NULL, **nothing = NULL;

        SKIP_UNLESS_GIT();
        test_clear_environment();
        TEST_DIR(dir);
        root = xasprintf("%s/main/a", dir.path);
        none = xasprintf("%s/none", dir.path);
        ASSERT_EQ(test_shell(&dir, "mkdir none && git init -q main && cd main && mkdir -p a/b c && "
                                   "touch f a/g a/b/h a/b/i c/untracked && git add f a"),
                  0);
        ASSERT_EQ(tracked_directories(root, &found, NULL), 0);
        ASSERT_EQ(strv_length(found), ELEMENTSOF(names));
        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                _cleanup_free_ char *path = xasprintf("%s/%s", dir.path, names[i]);

                test_set_row("%s", names[i]);
                ASSERT_TRUE(strv_contains(found, path));
        }
        ASSERT_EQ(tracked_directories(none, &nothing, NULL), 0);
        ASSERT_TRUE(!nothing);
}

TEST(hash_that_means_nothing) {
        _cleanup_free_ char *none = NULL, *main = NULL, *file = NULL;
        struct stat st;
        uint64_t hash;
        bool settled;

        SKIP_UNLESS_GIT();
        test_clear_environment();
        TEST_DIR(dir);
        none = xasprintf("%s/none", dir.path);
        main = xasprintf("%s/main", dir.path);
        file = xasprintf("%s/f", main);
        ASSERT_EQ(test_shell(&dir, "mkdir none && git init -q main && cd main && echo x > f && git add f && "
                                   "git commit -qm x"),
                  0);
        ASSERT_TRUE(!tracked_hash(none, &hash, &settled));
        /* Changed again at once, it might look the same. */
        do {
                ASSERT_EQ(test_shell(&dir, "touch main/f"), 0);
                ASSERT_TRUE(tracked_hash(main, &hash, &settled));
                ASSERT_EQ(stat(file, &st), 0);
        } while (realtime_usec() >
                 (uint64_t) st.st_ctim.tv_sec * 1000000 + (uint64_t) st.st_ctim.tv_nsec / 1000 + 50 * 1000);
        ASSERT_TRUE(!settled);
        while (!settled)
                ASSERT_TRUE(tracked_hash(main, &hash, &settled));
        ASSERT_EQ(test_shell(&dir,
                             "cd main && git -c protocol.file.allow=always submodule --quiet add ./ sub"),
                  0);
        ASSERT_TRUE(!tracked_hash(main, &hash, &settled));
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
        ASSERT_TRUE(project_root_find(dir.path, NULL, &found, &error) < 0);
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
        ASSERT_ERROR(project_root_find(path, NULL, &found, &error), &error, FC_EXIT_USAGE,
                     "belongs to root");
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

/* Another user may lay a work tree in /tmp and wait for root to come along. */
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

        ASSERT_OK(tracked_has(root, name, &tracked, &error), &error);
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

/* What is looked at before libgit2 opens it is not all that it opens. */
TEST(what_blocks_is_given_up) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *found = NULL;
        uint64_t began = now_usec();
        sigset_t term, before;
        bool tracked, settled;
        uint64_t hash;

        SKIP_UNLESS_GIT();
        test_clear_environment();
        TEST_DIR(dir);
        ASSERT_EQ(test_shell(&dir, "git init -q . && mkfifo .git/fifo && git config include.path fifo"), 0);
        ASSERT_EQ(project_root_find(dir.path, NULL, &found, &error), -ETIMEDOUT);
        ASSERT_ERROR(-ETIMEDOUT, &error, FC_EXIT_CONFLICT, "not done after 5 s");
        ASSERT_TRUE(now_usec() - began >= 5 * USEC_PER_SEC && now_usec() - began < 15 * USEC_PER_SEC);

        /* A signal that is blocked for an event loop ends it at once, and is still there. */
        (void) sigemptyset(&term);
        (void) sigaddset(&term, SIGTERM);
        (void) sigprocmask(SIG_BLOCK, &term, &before);
        (void) raise(SIGTERM);
        error_done(&error);
        ASSERT_EQ(tracked_has(dir.path, ".containers", &tracked, &error), -ETIMEDOUT);
        ASSERT_ERROR(-ETIMEDOUT, &error, FC_EXIT_INTERRUPTED,
                     "interrupted while reading the git repository");
        ASSERT_TRUE(!tracked_hash(dir.path, &hash, &settled));
        ASSERT_EQ(sigwaitinfo(&term, NULL), SIGTERM);
        (void) sigprocmask(SIG_SETMASK, &before, NULL);
}

TEST(damaged_index_is_no_obstacle) {
        SKIP_UNLESS_GIT();
        TEST_DIR(dir);
        ASSERT_EQ(test_shell(&dir, "git init -q . && echo rubbish > .git/index"), 0);
        ASSERT_TRUE(!tracks(dir.path, ".containers"));
}
