/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "plan/ids.h"
#include "project-util.h"
#include "rootfs/mount-maps.h"
#include "rootfs/mounts.h"

#define BASE UINT32_C(0x100000)

static int owner_map(MountMaps *maps, uint32_t disk, uint32_t inside, uint32_t uid, uint32_t gid) {
        _cleanup_free_ char *uids = ids_map_owner(BASE, disk, inside, uid),
                            *gids = ids_map_owner(BASE, disk, inside, gid);

        return mount_maps_open(maps, uids, gids, NULL);
}

TEST(once) {
        _cleanup_(mount_maps_done) MountMaps maps = {};
        int container, owner;

        SKIP_UNLESS_ROOT();
        container = mount_maps_open_container(&maps, BASE, NULL);
        owner = owner_map(&maps, 0x7c000000, 0, 2010, 100);
        ASSERT_TRUE(container >= 0 && owner >= 0 && owner != container);
        ASSERT_EQ(mount_maps_open_container(&maps, BASE, NULL), container);
        ASSERT_EQ(owner_map(&maps, 0x7c000000, 0, 2010, 100), owner);
        ASSERT_EQ(maps.n, 2);
        ASSERT_TRUE(owner_map(&maps, 0x7c000000, 0, 100, 2010) != owner);
        ASSERT_TRUE(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
}

static void expect(int tree_fd, const char *name, uint32_t uid, uint32_t gid) {
        struct stat st;

        ASSERT_EQ(fstatat(tree_fd, name, &st, 0), 0);
        ASSERT_EQ(st.st_uid, uid);
        ASSERT_EQ(st.st_gid, gid);
}

/* User and group apart, either of them possibly in the range that the others have on the disk. */
TEST(owners) {
        static const struct {
                uint32_t uid, gid, inside;
        } table[] = {
                {2010, 100, 0},        {2010, 100, 33},
                {1650400123, 100, 33}, {0x7c000021, 0x7c000000, 0},
                {0x7c000021, 7, 33},   {BASE + 5, BASE + 33, 33},
        };
        const uint32_t disk = 0x7c000000;

        SKIP_UNLESS_ROOT();
        TEST_DIR(dir);
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                uint32_t uid = table[i].uid, gid = table[i].gid, inside = table[i].inside;
                _cleanup_(mount_maps_done) MountMaps maps = {};
                int ids_fd = owner_map(&maps, disk, inside, uid, gid);
                _cleanup_close_ int tree_fd = -EBADF;

                test_set_row("%zu", i);
                ASSERT_TRUE(ids_fd >= 0);
                if (mount_try_ids(dir.fd, ids_fd) == -EINVAL)
                        SKIP("the file system of the temporary directory has no id-mapped mounts");
                ASSERT_EQ(test_shell(&dir, "rm -rf * && mkdir own other strange"), 0);
                ASSERT_EQ(fchownat(dir.fd, "own", uid, gid, 0), 0);
                ASSERT_EQ(fchownat(dir.fd, "strange", uid, 12345, 0), 0);
                tree_fd = mount_clone(dir.fd, /* recursive= */ true, NULL);
                ASSERT_OK(mount_map_ids(tree_fd, ids_fd, NULL));
                expect(tree_fd, "own", BASE + inside, BASE + inside);
                /* Another group's: neither the container's nor an error. */
                expect(tree_fd, "strange", BASE + inside, 12345);
                for (uint32_t id = 0; id < 40; id++) {
                        ASSERT_EQ(fchownat(tree_fd, "other", BASE + id, BASE + id, 0), 0);
                        expect(dir.fd, "other", ids_on_disk(disk, inside, uid, id),
                               ids_on_disk(disk, inside, gid, id));
                }
        }
}

/* A mount can be mapped once only; one that cannot be mapped stays as it is. */
TEST(refusals) {
        _cleanup_(mount_maps_done) MountMaps maps = {};
        _cleanup_close_ int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC), tree_fd = -EBADF;
        int ids_fd;

        SKIP_UNLESS_ROOT();
        TEST_DIR(dir);
        ids_fd = mount_maps_open_container(&maps, BASE, NULL);
        ASSERT_EQ(mount_try_ids(proc, ids_fd), -EINVAL);
        tree_fd = mount_clone(dir.fd, /* recursive= */ false, NULL);
        if (mount_map_ids(tree_fd, ids_fd, NULL) < 0)
                SKIP("the file system of the temporary directory has no id-mapped mounts");
        ASSERT_EQ(mount_map_ids(tree_fd, ids_fd, NULL), -EPERM);
        ASSERT_TRUE(mount_has_no_ids(-EPERM) && mount_has_no_ids(-EINVAL) && mount_has_no_ids(-ENOSYS));
        ASSERT_TRUE(!mount_has_no_ids(0) && !mount_has_no_ids(-EBADF));
}
