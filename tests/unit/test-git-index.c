/* SPDX-License-Identifier: MIT */

#include "project/git-index.h"
#include "project-util.h"

static GitIndexAnswer look_up(const TestDir *dir, const char *path) {
        _cleanup_free_ char *name = xasprintf("%s/.git/index", dir->path);
        _cleanup_fclose_ FILE *f = fopen(name, "re");

        ASSERT_TRUE(f != NULL);
        return git_index_look_up(f, path);
}

static GitIndexAnswer look_up_bytes(const char *bytes, size_t size, const char *path) {
        _cleanup_fclose_ FILE *f = fmemopen((char *) bytes, size, "r");

        ASSERT_TRUE(f != NULL);
        return git_index_look_up(f, path);
}

static void make_repository(const TestDir *dir, const char *options) {
        ASSERT_EQ(
                test_shell(dir,
                           "git init -q %s . && mkdir -p .containers-not .containers .b deep/.containers z "
                           "&& touch .b/x .containers-not/x .containers/state.json .containers.x "
                           "deep/.containers/y "
                           "README z/.containers && git add -f .",
                           options),
                0);
}

static void check(const TestDir *dir) {
        ASSERT_EQ(look_up(dir, ".containers"), GIT_INDEX_TRACKED);
        ASSERT_EQ(look_up(dir, "deep/.containers"), GIT_INDEX_TRACKED);
        ASSERT_EQ(look_up(dir, "z/.containers"), GIT_INDEX_TRACKED);
        ASSERT_EQ(look_up(dir, "README"), GIT_INDEX_TRACKED);
        ASSERT_EQ(look_up(dir, "REA"), GIT_INDEX_UNTRACKED);
        ASSERT_EQ(look_up(dir, ".container"), GIT_INDEX_UNTRACKED);
        ASSERT_EQ(look_up(dir, "deep"), GIT_INDEX_TRACKED);
        ASSERT_EQ(look_up(dir, "zz"), GIT_INDEX_UNTRACKED);
        ASSERT_EQ(look_up(dir, "~"), GIT_INDEX_UNTRACKED);
        ASSERT_EQ(test_shell(dir, "git rm -rq --cached .containers"), 0);
        ASSERT_EQ(look_up(dir, ".containers"), GIT_INDEX_UNTRACKED);
        ASSERT_EQ(look_up(dir, "deep/.containers"), GIT_INDEX_TRACKED);
        ASSERT_EQ(test_shell(dir, "git add -N -f .containers"), 0);
        ASSERT_EQ(look_up(dir, ".containers"), GIT_INDEX_TRACKED);
}

TEST(versions) {
        if (!test_have("git"))
                SKIP("needs git");
        for (int version = 2; version <= 4; version++) {
                TEST_DIR(dir);

                test_set_row("version %d", version);
                make_repository(&dir, "");
                ASSERT_EQ(test_shell(&dir, "git update-index --index-version %d", version), 0);
                check(&dir);
        }
}

TEST(sha256) {
        TEST_DIR(dir);

        if (!test_have("git"))
                SKIP("needs git");
        make_repository(&dir, "--object-format=sha256");
        check(&dir);
}

TEST(empty) {
        TEST_DIR(dir);

        if (!test_have("git"))
                SKIP("needs git");
        ASSERT_EQ(test_shell(&dir, "git init -q . && touch x && git add x && git rm -q --cached x"), 0);
        ASSERT_EQ(look_up(&dir, ".containers"), GIT_INDEX_UNTRACKED);
}

/* Names with every kind of byte, and longer ones than the flags have room for: version 4 says in two bytes
 * how much of such a name is dropped. */
TEST(odd_names) {
        if (!test_have("git"))
                SKIP("needs git");
        for (int version = 2; version <= 4; version += 2) {
                TEST_DIR(dir);

                test_set_row("version %d", version);
                ASSERT_EQ(test_shell(&dir,
                                     "git init -q . && printf x > \"$(printf 'a\\nb')\" && printf x > "
                                     "\"$(printf '\\377')\" && touch z && git add -A && "
                                     "git update-index --add --cacheinfo "
                                     "100644,$(git hash-object z),long/$(printf '%%05000d' 1) && "
                                     "git update-index --index-version %d",
                                     version),
                          0);
                ASSERT_EQ(look_up(&dir, "\377"), GIT_INDEX_TRACKED);
                ASSERT_EQ(look_up(&dir, "a\nb"), GIT_INDEX_TRACKED);
                ASSERT_EQ(look_up(&dir, "b"), GIT_INDEX_UNTRACKED);
                ASSERT_EQ(look_up(&dir, "long"), GIT_INDEX_TRACKED);
                ASSERT_EQ(look_up(&dir, "z"), GIT_INDEX_TRACKED);
        }
}

TEST(damaged) {
        static const char entry[] = "DIRC\0\0\0\2\0\0\0\1"
                                    "0123456789012345678901234567890123456789"
                                    "01234567890123456789\0\1x\0\0\0\0\0\0\0\0\0";
        static const struct {
                const char *bytes;
                size_t size;
        } table[] = {
                {"x", 1},
                {"DIRC", 4},
                {"DIRC\0\0\0\1\0\0\0\0", 12},
                {"DIRC\0\0\0\5\0\0\0\0", 12},
                {"DIRC\0\0\0\2\0\0\0\1", 12},
                {"XIRC\0\0\0\2\0\0\0\0", 12},
                {entry, 40},
                {entry, 74},
                {"DIRC\0\0\0\4\0\0\0\1"
                 "0123456789012345678901234567890123456789"
                 "01234567890123456789\0\1\5x\0",
                 77},
        };

        ASSERT_EQ(look_up_bytes(entry, sizeof(entry) - 1, "x"), GIT_INDEX_TRACKED);
        ASSERT_EQ(look_up_bytes(entry, sizeof(entry) - 1, "a"), GIT_INDEX_UNTRACKED);
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                test_set_row("%zu", i);
                ASSERT_EQ(look_up_bytes(table[i].bytes, table[i].size, ".containers"), GIT_INDEX_UNKNOWN);
        }
}
