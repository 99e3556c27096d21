/* SPDX-License-Identifier: MIT */

#include <sys/stat.h>
#include <sys/xattr.h>

#include "plan/ids.h"
#include "project-util.h"
#include "rootfs/covered.h"
#include "rootfs/mount-maps.h"
#include "rootfs/mounts.h"
#include "rootfs/volume-tree.h"

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
        fd = volume_tree_make(dir->fd, "v", &c, /* ids= */ NULL, reterr);
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

#define BASE UINT32_C(0x100000)

static int open_ids(MountMaps *maps, uint32_t disk, uint32_t inside, uint32_t owner) {
        _cleanup_free_ char *text = ids_map_owner(BASE, disk, inside, owner);
        int fd = mount_maps_open(maps, text, text, NULL);

        ASSERT_TRUE(fd >= 0);
        return fd;
}

static void expect_owner(int dir_fd, const char *path, uint32_t owner) {
        struct stat st;

        test_set_row("%s", path);
        ASSERT_EQ(fstatat(dir_fd, path, &st, AT_SYMLINK_NOFOLLOW), 0);
        ASSERT_EQ(st.st_uid, owner);
        ASSERT_EQ(st.st_gid, owner);
}

/* In the ids of another owner, the root's among them: also those in ACLs and in capabilities. */
TEST(takes_other_ids) {
        /* user::rw- user:33:r-- group::r-- mask::r-- other::---, as in linux/posix_acl_xattr.h. */
        static const unsigned char acl[] = {2, 0,  0,   0,   1,   0,   6,  0, 255, 255, 255, 255, 2,   0,  4,
                                            0, 33, 0,   0,   0,   4,   0,  4, 0,   255, 255, 255, 255, 16, 0,
                                            4, 0,  255, 255, 255, 255, 32, 0, 0,   0,   255, 255, 255, 255};
        /* cap_net_raw=ep, as in linux/capability.h. */
        static const unsigned char capability[] = {1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0,
                                                   0, 0, 0, 0, 0, 0,    0, 0, 0, 0};
        static const uint32_t owners[] = {0, 1000};

        SKIP_UNLESS_ROOT();
        for (size_t i = 0; i < ELEMENTSOF(owners); i++) {
                uint32_t owner = owners[i], disk = ids_choose_disk(owner);
                _cleanup_(mount_maps_done) MountMaps maps = {};
                _cleanup_(error_done) Error error = ERROR_NULL;
                _cleanup_(covered_done) Covered c = {.fd = -EBADF};
                _cleanup_close_ int volume_fd = -EBADF;
                VolumeIds ids = {open_ids(&maps, 0, 0, 0), open_ids(&maps, disk, 0, owner)};
                unsigned char value[64];
                uint32_t id;

                TEST_DIR(dir);
                if (mount_try_ids(dir.fd, ids.volume_fd) == -EINVAL)
                        SKIP("the file system of the temporary directory has no id-mapped mounts");
                ASSERT_EQ(test_shell(&dir,
                                     "mkdir -p root/data && cd root/data && touch file of-root beyond && "
                                     "ln -s nowhere link && ln file again && chown -h 33:33 . file link && "
                                     "chown 70000:70000 beyond"),
                          0);
                ASSERT_EQ(chdir(dir.path), 0);
                ASSERT_EQ(setxattr("root/data/of-root", "system.posix_acl_access", acl, sizeof(acl), 0), 0);
                ASSERT_EQ(
                        setxattr("root/data/file", "security.capability", capability, sizeof(capability), 0),
                        0);
                ASSERT_OK(covered_open(dir.fd, "/root/data", &c, &error), &error);
                volume_fd = volume_tree_make(dir.fd, "v", &c, &ids, &error);
                ASSERT_OK(volume_fd, &error);
                expect_owner(dir.fd, "v", disk + 33);
                expect_owner(dir.fd, "v/file", disk + 33);
                expect_owner(dir.fd, "v/link", disk + 33);
                expect_owner(dir.fd, "v/of-root", owner);
                expect_owner(dir.fd, "v/beyond", 70000);
                ASSERT_EQ(test_shell(&dir, "test v/file -ef v/again"), 0);
                ASSERT_EQ(getxattr("v/of-root", "system.posix_acl_access", value, sizeof(value)),
                          (ssize_t) sizeof(acl));
                memcpy(&id, value + 16, sizeof(id));
                ASSERT_EQ(id, disk + 33);
                /* The rights of the container's root, which is the owner. */
                ASSERT_EQ(getxattr("v/file", "security.capability", value, sizeof(value)),
                          owner == 0 ? 20 : 24);
                ASSERT_EQ(value[3], owner == 0 ? 2 : 3);
                memcpy(&id, value + 20, sizeof(id));
                if (owner != 0)
                        ASSERT_EQ(id, owner);
        }
}
