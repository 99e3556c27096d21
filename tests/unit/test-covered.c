/* SPDX-License-Identifier: MIT */

#include "rootfs/covered.h"
#include "rootfs/volume-tree.h"
#include "project-util.h"

/* Links stay in the root, so "/out" leads to its own "/etc", and ".." not above it. */
TEST(looks_in_the_root) {
        static const struct {
                const char *path;
                bool there;
                mode_t mode;
                uid_t uid;
        } table[] = {
                {"/data", true, 0750, 33},
                {"/to-data", true, 0750, 33},
                {"/up/data", true, 0750, 33},
                {"/data/no", false, 0755, 0},
                {"/file", false, 0755, 0},
                {"/file/x", false, 0755, 0},
                {"/loop", false, 0755, 0},
                {"/fifo", false, 0755, 0},
                {"/tmp", false, 01777, 0},
                {"/var/tmp", true, 0700, 0},
                {"/secret", false, 0755, 0},
                /* Made by systemd-nspawn. */
                {"/other", false, 0755, 0},
        };

        SKIP_UNLESS_ROOT();
        TEST_DIR(dir);
        ASSERT_EQ(
                test_shell(
                        &dir,
                        "mkdir -p root/data root/tmp root/var/tmp secret && cd root && chown 33:44 data && "
                        "chmod 0750 data && chmod 0700 var/tmp && ln -s /data to-data && "
                        "ln -s ../../.. up && touch file && mkdir -m 0700 other && "
                        "chown 65536:65536 other && ln -s loop loop && mkfifo fifo && "
                        "ln -s ../secret secret"),
                0);
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_close_ int root_fd = openat(dir.fd, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
                _cleanup_(error_done) Error error = ERROR_NULL;
                _cleanup_(covered_done) Covered c = {.fd = -EBADF};

                test_set_row("%s", table[i].path);
                ASSERT_OK(covered_open(root_fd, table[i].path, &c, &error), &error);
                ASSERT_EQ(c.fd >= 0, table[i].there);
                ASSERT_EQ(c.mode, table[i].mode);
                ASSERT_EQ(c.uid, table[i].uid);
        }
}

static void make_volume(const TestDir *dir, const char *covered, int *ret_r, Error *reterr) {
        _cleanup_(covered_done) Covered c = {.fd = -EBADF};
        int fd;

        ASSERT_OK(covered_open(dir->fd, covered, &c, reterr), reterr);
        fd = volume_tree_make(dir->fd, "v", &c, reterr);
        *ret_r = fd;
        (void) safe_close(fd);
}

TEST(a_volume_begins_as_what_it_covers) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        int fd = -EBADF, r;

        SKIP_UNLESS_ROOT();
        TEST_DIR(dir);
        ASSERT_OK(volume_tree_open(dir.fd, "v", &fd, &error), &error);
        ASSERT_TRUE(fd < 0);
        /* What a killed copy has left, with what only root can remove. */
        ASSERT_EQ(test_shell(&dir,
                             "mkdir -p .v.new/half data/sub && echo x >data/sub/f && chown -R 33:44 data && "
                             "chmod 2770 data"),
                  0);
        make_volume(&dir, "/data", &r, &error);
        ASSERT_OK(r, &error);
        ASSERT_EQ(test_shell(&dir, "test ! -e .v.new && test \"$(stat -c %%u:%%g:%%a v)\" = 33:44:2770 && "
                                   "test \"$(cat v/sub/f)\" = x && "
                                   "test \"$(stat -c %%u v/sub/f)\" = 33"),
                  0);
        ASSERT_OK(volume_tree_open(dir.fd, "v", &fd, &error), &error);
        ASSERT_TRUE(fd >= 0);
        (void) safe_close(fd);
}

TEST(what_is_not_there_is_empty) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        int r;

        SKIP_UNLESS_ROOT();
        TEST_DIR(dir);
        make_volume(&dir, "/no", &r, &error);
        ASSERT_OK(r, &error);
        ASSERT_EQ(test_shell(&dir, "test \"$(stat -c %%u:%%g:%%a v)\" = 0:0:755"), 0);
}

/* It has the name that the copy gets at its end: nothing of it is overwritten, and no half is left. */
TEST(a_copy_that_fails_leaves_nothing) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        int r;

        SKIP_UNLESS_ROOT();
        TEST_DIR(dir);
        ASSERT_EQ(test_shell(&dir, "mkdir data v && echo old >v/f"), 0);
        make_volume(&dir, "/data", &r, &error);
        ASSERT_ERROR(r, &error, FC_EXIT_INTERNAL, "name volume '@v'");
        ASSERT_EQ(test_shell(&dir, "test ! -e .v.new && test \"$(cat v/f)\" = old"), 0);
}
