/* SPDX-License-Identifier: MIT */

#include <unistd.h>

#include "base/strv.h"
#include "project-util.h"
#include "project/git-dir.h"

#define REPOSITORY                                                                                          \
        "mkdir -p main/sub && cd main && git init -q && touch sub/x && git add . && git commit -qm x && "   \
        "git worktree add -q ../tree && cd .. && "

/* @expected: below the directory; NULL: it has none */
static void check_main(const TestDir *dir, const char *at, const char *expected) {
        _cleanup_free_ char *path = xasprintf("%s/%s", dir->path, at), *main = NULL,
                            *wanted = expected ? xasprintf("%s/%s", dir->path, expected) : NULL;
        _cleanup_(error_done) Error error = ERROR_NULL;

        ASSERT_OK(git_dir_main(path, &main, &error), &error);
        ASSERT_TRUE(streq_ptr(main, wanted));
}

/* git since 2.48 writes them relative, with worktree.useRelativePaths. */
TEST(finds_the_main_work_tree) {
        static const struct {
                const char *command;
                bool known;
        } table[] = {
                {":", true},
                {"echo ../../../../tree/.git >main/.git/worktrees/tree/gitdir", true},
                {"echo ../../../../tree/.git >main/.git/worktrees/tree/gitdir && "
                 "echo 'gitdir: ../main/.git/worktrees/tree' >tree/.git",
                 true},
                {"echo ../../../../other/.git >main/.git/worktrees/tree/gitdir", false},
                {"rm main/.git/worktrees/tree/gitdir", false},
                {"rm main/.git/worktrees/tree/commondir", false},
                {"echo 'gitdir: /nowhere' >tree/.git", false},
        };

        if (!test_have("git"))
                SKIP("needs git");
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                TEST_DIR(dir);

                test_set_row("%s", table[i].command);
                ASSERT_EQ(test_shell(&dir, REPOSITORY "%s", table[i].command), 0);
                check_main(&dir, "tree", table[i].known ? "main" : NULL);
                check_main(&dir, "tree/sub", table[i].known ? "main/sub" : NULL);
                check_main(&dir, "main/sub", NULL);
        }
}

/* A directory that the main one does not have, or has as a link to another place, is not its. */
TEST(does_not_leave_the_main_work_tree) {
        TEST_DIR(dir);

        if (!test_have("git"))
                SKIP("needs git");
        ASSERT_EQ(
                test_shell(&dir, REPOSITORY "mkdir out tree/new && rm -r main/sub && ln -s ../out main/sub"),
                0);
        check_main(&dir, "tree/sub", NULL);
        check_main(&dir, "tree/new", NULL);
        check_main(&dir, "tree", "main");
}

TEST(takes_no_error_for_none) {
        static const char *const commands[] = {
                "rm main/.git/worktrees/tree/gitdir && ln -s gitdir main/.git/worktrees/tree/gitdir",
                "echo $(printf '%05000d' 0)/x >main/.git/worktrees/tree/commondir",
        };

        if (!test_have("git"))
                SKIP("needs git");
        for (size_t i = 0; i < ELEMENTSOF(commands); i++) {
                TEST_DIR(dir);
                _cleanup_free_ char *path = xasprintf("%s/tree", dir.path), *main = NULL;
                _cleanup_(error_done) Error error = ERROR_NULL;

                test_set_row("%s", commands[i]);
                ASSERT_EQ(test_shell(&dir, REPOSITORY "%s", commands[i]), 0);
                ASSERT_TRUE(git_dir_main(path, &main, &error) < 0);
                ASSERT_TRUE(error_is_set(&error) && !main);
        }
}

/* `ls` tells of those, whichever way git has written them. */
TEST(lists_the_others) {
        TEST_DIR(dir);
        _cleanup_free_ char *path = xasprintf("%s/main", dir.path), *tree = xasprintf("%s/tree", dir.path);
        _cleanup_strv_ char **others = NULL;

        if (!test_have("git"))
                SKIP("needs git");
        ASSERT_EQ(test_shell(&dir, REPOSITORY "echo ../../../../tree/.git >main/.git/worktrees/tree/gitdir"),
                  0);
        others = git_dir_worktrees(path);
        ASSERT_EQ(strv_length(others), 1);
        ASSERT_STREQ(others[0], tree);
}
