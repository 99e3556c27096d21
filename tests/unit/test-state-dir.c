/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "base/strv.h"
#include "project-util.h"
#include "project/state-dir.h"
#include "state/state.h"

static void sudo_as(uid_t uid) {
        _cleanup_free_ char *text = xasprintf("%u", (unsigned) uid);

        test_clear_environment();
        if (uid != 0) {
                (void) setenv("SUDO_UID", text, 1);
                (void) setenv("SUDO_GID", text, 1);
        }
}

static int state_open(const TestDir *dir, StateDir *ret, Error *error) {
        InvokingUser user;

        ASSERT_OK(user_invoking(&user, NULL));
        return state_dir_open(dir->path, &user, ret, error);
}

static char *read_file(int dir_fd, const char *name) {
        int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
        char *text = NULL;

        ASSERT_TRUE(fd >= 0);
        ASSERT_OK(fs_read_fd(fd, name, 4096, &text, NULL, NULL));
        (void) close(fd);
        return text;
}

static void check_owner(int dir_fd, const char *name, uid_t uid, mode_t mode) {
        struct stat st;

        test_set_row("%s", name);
        ASSERT_OK(fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW));
        ASSERT_EQ(st.st_uid, uid);
        ASSERT_EQ(st.st_mode & 07777u, mode);
        test_set_row("%s", "");
}

TEST(missing_is_expected) {
        _cleanup_(state_dir_done) StateDir state = STATE_DIR_NULL;
        _cleanup_(error_done) Error error = ERROR_NULL;
        char **names = (char **) 1;
        int fd = 7;

        TEST_DIR(dir);
        ASSERT_OK(state_open(&dir, &state, &error), &error);
        ASSERT_EQ(state.fd, -EBADF);
        ASSERT_OK(state_dir_container_open(&state, "db", &fd, &error), &error);
        ASSERT_EQ(fd, -EBADF);
        ASSERT_OK(state_dir_list(&state, &names, &error), &error);
        ASSERT_TRUE(names == NULL);
        ASSERT_TRUE(faccessat(dir.fd, ".containers", F_OK, 0) < 0);
}

TEST(made_as_the_user) {
        static const uid_t owners[] = {0, TEST_UID};

        SKIP_UNLESS_ROOT();
        for (size_t i = 0; i < ELEMENTSOF(owners); i++)
                for (size_t j = 0; j < ELEMENTSOF(owners); j++) {
                        _cleanup_(state_dir_done) StateDir state = STATE_DIR_NULL, again = STATE_DIR_NULL;
                        _cleanup_(error_done) Error error = ERROR_NULL;
                        _cleanup_close_ int container = -EBADF, volumes = -EBADF, open = -EBADF;
                        _cleanup_free_ char *ignore = NULL, *tag = NULL;
                        _cleanup_strv_ char **names = NULL;

                        TEST_DIR(dir);
                        ASSERT_OK(fchown(dir.fd, owners[i], owners[i]));
                        sudo_as(owners[j]);
                        ASSERT_OK(state_open(&dir, &state, &error), &error);
                        for (int n = 0; n < 2; n++) {
                                ASSERT_OK(state_dir_make(&state, &error), &error);
                                (void) safe_close(container);
                                container = state_dir_container_make(&state, "db", &error);
                                ASSERT_OK(container, &error);
                                (void) safe_close(volumes);
                                volumes = state_dir_volumes_make(&state, &error);
                                ASSERT_OK(volumes, &error);
                        }
                        /* Whose tree it is decides, whether that is root or the one who calls sudo. */
                        check_owner(dir.fd, ".containers", owners[i], 0700);
                        check_owner(dir.fd, ".containers/.gitignore", owners[i], 0644);
                        check_owner(dir.fd, ".containers/CACHEDIR.TAG", owners[i], 0644);
                        check_owner(dir.fd, ".containers/db", owners[i], 0755);
                        check_owner(dir.fd, ".containers/volumes", owners[i], 0755);
                        ignore = read_file(state.fd, ".gitignore");
                        ASSERT_STREQ(ignore, "*\n");
                        tag = read_file(state.fd, "CACHEDIR.TAG");
                        ASSERT_TRUE(startswith(tag, "Signature: 8a477f597d28d172789f06886806bc55\n"));

                        ASSERT_OK(state_open(&dir, &again, &error), &error);
                        ASSERT_TRUE(again.fd >= 0);
                        ASSERT_OK(state_dir_container_open(&again, "db", &open, &error), &error);
                        ASSERT_TRUE(open >= 0);
                        ASSERT_OK(state_dir_list(&again, &names, &error), &error);
                        ASSERT_EQ(strv_length(names), 1u);
                        ASSERT_STREQ(names[0], "db");
                }
        sudo_as(0);
}

/* A home on NFS, or any other place that is the user's alone. */
TEST(closed_to_root_without_its_powers) {
        _cleanup_(state_dir_done) StateDir state = STATE_DIR_NULL;
        _cleanup_(error_done) Error error = ERROR_NULL;

        SKIP_UNLESS_ROOT();
        TEST_DIR(dir);
        ASSERT_OK(fchown(dir.fd, TEST_UID, TEST_UID));
        ASSERT_OK(fchmod(dir.fd, 0700));
        sudo_as(TEST_UID);
        ASSERT_OK(state_open(&dir, &state, &error), &error);
        ASSERT_OK(state_dir_make(&state, &error), &error);
        check_owner(dir.fd, ".containers", TEST_UID, 0700);
        sudo_as(0);
}

TEST(repairs_what_a_killed_one_left) {
        _cleanup_(state_dir_done) StateDir state = STATE_DIR_NULL;
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *ignore = NULL, *tag = NULL;

        TEST_DIR(dir);
        ASSERT_EQ(test_shell(&dir, "mkdir .containers && : > .containers/.gitignore && printf Sig > "
                                   ".containers/CACHEDIR.TAG"),
                  0);
        ASSERT_OK(state_open(&dir, &state, &error), &error);
        ASSERT_OK(state_dir_make(&state, &error), &error);
        ignore = read_file(state.fd, ".gitignore");
        ASSERT_STREQ(ignore, "*\n");
        tag = read_file(state.fd, "CACHEDIR.TAG");
        ASSERT_TRUE(startswith(tag, "Signature: 8a477f597d28d172789f06886806bc55\n"));
}

/* git keeps quiet about it, also with what containers put there. */
TEST(git_ignores_it) {
        _cleanup_(state_dir_done) StateDir state = STATE_DIR_NULL;
        _cleanup_(error_done) Error error = ERROR_NULL;
        int fd;

        if (!test_have("git"))
                SKIP("needs git");
        TEST_DIR(dir);
        ASSERT_EQ(test_shell(&dir, "git init -q ."), 0);
        ASSERT_OK(state_open(&dir, &state, &error), &error);
        ASSERT_OK(state_dir_make(&state, &error), &error);
        fd = state_dir_container_make(&state, "db", &error);
        ASSERT_OK(fd, &error);
        (void) close(fd);
        ASSERT_EQ(test_shell(&dir, "touch .containers/db/x && test -z \"$(git status --porcelain)\""), 0);
}

static void refuse(const char *setup, const char *message, const char *hint) {
        _cleanup_(state_dir_done) StateDir state = STATE_DIR_NULL;
        _cleanup_(error_done) Error error = ERROR_NULL;

        TEST_DIR(dir);
        test_set_row("%s", setup);
        ASSERT_EQ(test_shell(&dir, "%s", setup), 0);
        ASSERT_ERROR(state_open(&dir, &state, &error), &error, FC_EXIT_CONFLICT, message);
        ASSERT_EQ(state.fd, -EBADF);
        ASSERT_TRUE(strstr(error.message, dir.path) != NULL);
        ASSERT_TRUE(error.hints && strstr(error.hints[0], hint));
}

TEST(refusals) {
        refuse("mkdir other && ln -s other .containers", "is a symbolic link", "remove it");
        refuse("ln -s /nowhere .containers", "is a symbolic link", "remove it");
        refuse("touch .containers", "is not a directory", "move it away");
        refuse("mkfifo .containers", "is not a directory", "move it away");
}

static void refuse_tracked(const char *setup) {
        _cleanup_(state_dir_done) StateDir state = STATE_DIR_NULL;
        _cleanup_(error_done) Error error = ERROR_NULL;

        TEST_DIR(dir);
        test_set_row("%s", setup);
        ASSERT_EQ(test_shell(&dir, "%s", setup), 0);
        ASSERT_OK(state_open(&dir, &state, &error), &error);
        ASSERT_ERROR(state_dir_make(&state, &error), &error, FC_EXIT_CONFLICT, "is tracked by git");
        ASSERT_TRUE(error.hints && strstr(error.hints[0], "git -C"));
        ASSERT_TRUE(faccessat(dir.fd, ".containers/.gitignore", F_OK, 0) < 0);
}

TEST(refuses_what_git_tracks) {
        if (!test_have("git"))
                SKIP("needs git");
        refuse_tracked(
                "git init -q . && mkdir .containers && touch .containers/x && git add -f .containers");
        refuse_tracked(
                "git init -q . && mkdir .containers && touch .containers/x && git add -f .containers && rm "
                "-r .containers");
}

/* What was seen of an index is remembered, and a changed one is looked at again. */
TEST(looks_at_a_changed_index) {
        _cleanup_(project_state_freep) ProjectState *remembered = project_state_new();
        _cleanup_(state_dir_done) StateDir first = STATE_DIR_NULL, second = STATE_DIR_NULL;
        _cleanup_(error_done) Error error = ERROR_NULL;

        if (!test_have("git"))
                SKIP("needs git");
        TEST_DIR(dir);
        ASSERT_EQ(test_shell(&dir, "git init -q . && touch a && git add a"), 0);
        ASSERT_OK(state_open(&dir, &first, &error), &error);
        ASSERT_OK(state_dir_make(&first, &error), &error);
        ASSERT_TRUE(first.git_index);
        remembered->id = xstrdup("shop-3f2a");
        remembered->git_index = xstrdup(first.git_index);
        ASSERT_OK(project_state_save(first.fd, &first.user, remembered, &error), &error);
        ASSERT_OK(state_dir_make(&first, &error), &error);

        ASSERT_EQ(test_shell(&dir, "git add -f .containers/state.json"), 0);
        ASSERT_OK(state_open(&dir, &second, &error), &error);
        ASSERT_ERROR(state_dir_make(&second, &error), &error, FC_EXIT_CONFLICT, "is tracked by git");
}

/* Between open and make something else may have come there. */
TEST(make_refuses_too) {
        _cleanup_(state_dir_done) StateDir state = STATE_DIR_NULL;
        _cleanup_(error_done) Error error = ERROR_NULL;

        TEST_DIR(dir);
        ASSERT_OK(state_open(&dir, &state, &error), &error);
        ASSERT_EQ(test_shell(&dir, "mkdir other && ln -s other .containers"), 0);
        ASSERT_ERROR(state_dir_make(&state, &error), &error, FC_EXIT_CONFLICT, "is a symbolic link");
        ASSERT_TRUE(faccessat(dir.fd, "other/.gitignore", F_OK, 0) < 0);
}

TEST(links_below_are_not_followed) {
        static const char *const setups[] = {"ln -s /etc .containers/db", "ln -s ../other .containers/db",
                                             "ln -s nowhere .containers/db", "touch .containers/db"};

        for (size_t i = 0; i < ELEMENTSOF(setups); i++) {
                _cleanup_(state_dir_done) StateDir state = STATE_DIR_NULL;
                _cleanup_(error_done) Error error = ERROR_NULL;
                int fd = 7;

                TEST_DIR(dir);
                test_set_row("%s", setups[i]);
                ASSERT_OK(state_open(&dir, &state, &error), &error);
                ASSERT_OK(state_dir_make(&state, &error), &error);
                ASSERT_EQ(test_shell(&dir, "mkdir other && %s", setups[i]), 0);
                ASSERT_TRUE(state_dir_container_make(&state, "db", &error) < 0);
                ASSERT_EQ(error.exit, FC_EXIT_CONFLICT);
                error_done(&error);
                ASSERT_TRUE(state_dir_container_open(&state, "db", &fd, &error) < 0);
                ASSERT_EQ(fd, 7);
                ASSERT_TRUE(strstr(error.message, dir.path) != NULL);
        }
}

TEST(volumes_is_no_link) {
        _cleanup_(state_dir_done) StateDir state = STATE_DIR_NULL;
        _cleanup_(error_done) Error error = ERROR_NULL;

        TEST_DIR(dir);
        ASSERT_OK(state_open(&dir, &state, &error), &error);
        ASSERT_OK(state_dir_make(&state, &error), &error);
        ASSERT_EQ(test_shell(&dir, "mkdir other && ln -s ../other .containers/volumes"), 0);
        ASSERT_ERROR(state_dir_volumes_make(&state, &error), &error, FC_EXIT_CONFLICT, dir.path);
}

TEST(names) {
        static const char *const table[] = {"",   ".",       "..",        "../x", "a/b",
                                            "-a", "volumes", "snapshots", "A",    ".gitignore"};
        _cleanup_(state_dir_done) StateDir state = STATE_DIR_NULL;
        _cleanup_(error_done) Error error = ERROR_NULL;

        TEST_DIR(dir);
        ASSERT_OK(state_open(&dir, &state, &error), &error);
        ASSERT_OK(state_dir_make(&state, &error), &error);
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                int fd = 7;

                test_set_row("%s", table[i]);
                ASSERT_ERROR(state_dir_container_make(&state, table[i], &error), &error, FC_EXIT_USAGE,
                             "container");
                ASSERT_ERROR(state_dir_container_open(&state, table[i], &fd, &error), &error, FC_EXIT_USAGE,
                             "container");
                ASSERT_EQ(fd, 7);
        }
}

TEST(list_is_sorted_and_of_containers_only) {
        _cleanup_(state_dir_done) StateDir state = STATE_DIR_NULL;
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_strv_ char **names = NULL;
        _cleanup_free_ char *text = NULL;

        TEST_DIR(dir);
        ASSERT_EQ(test_shell(&dir,
                             "mkdir -p .containers/web .containers/db .containers/Odd .containers/volumes "
                             ".containers/snapshots && touch .containers/file && ln -s db .containers/link"),
                  0);
        ASSERT_OK(state_open(&dir, &state, &error), &error);
        ASSERT_OK(state_dir_list(&state, &names, &error), &error);
        text = strv_join(names, " ");
        ASSERT_STREQ(text, "db web");
}

/* Made by root with its own hands once, and now it is the user's turn. */
TEST(says_whose_it_is) {
        _cleanup_(state_dir_done) StateDir state = STATE_DIR_NULL;
        _cleanup_(error_done) Error error = ERROR_NULL;

        SKIP_UNLESS_ROOT();
        TEST_DIR(dir);
        ASSERT_OK(fchown(dir.fd, TEST_UID, TEST_UID));
        ASSERT_EQ(test_shell(&dir, "mkdir .containers"), 0);
        sudo_as(TEST_UID);
        ASSERT_OK(state_open(&dir, &state, &error), &error);
        ASSERT_ERROR(state_dir_make(&state, &error), &error, FC_EXIT_HOST, "Permission denied");
        ASSERT_TRUE(error.hints && strstr(error.hints[0], "belongs to root"));
        sudo_as(0);
}

/* Two `up` in a fresh clone. */
TEST(several_at_once) {
        TEST_DIR(dir);
        for (int round = 0; round < 20; round++) {
                int status;

                for (int i = 0; i < 4; i++)
                        if (fork() == 0) {
                                StateDir state = STATE_DIR_NULL;
                                Error error = ERROR_NULL;

                                ASSERT_OK(state_open(&dir, &state, &error), &error);
                                ASSERT_OK(state_dir_make(&state, &error), &error);
                                ASSERT_OK(state_dir_container_make(&state, "db", &error), &error);
                                _exit(0);
                        }
                while (wait(&status) > 0)
                        ASSERT_EQ(status, 0);
                ASSERT_OK(fs_remove_tree(dir.fd, ".containers", NULL));
        }
}
