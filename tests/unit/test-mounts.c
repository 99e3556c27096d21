/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "rootfs/mounts.h"
#include "test.h"

/* In a mount namespace of our own. */
#define AT "/tmp/fc-mounts"

static int write_below(const char *path) {
        int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        int r = fd < 0 ? -errno : 0;

        (void) safe_close(fd);
        return r;
}

TEST(what_comes_later) {
        _cleanup_close_ int following = -EBADF, standing = -EBADF;

        if (geteuid() != 0)
                SKIP("needs root");
        ASSERT_OK(unshare(CLONE_NEWNS));
        ASSERT_OK(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
        ASSERT_OK(mount("tmpfs", "/tmp", "tmpfs", 0, NULL));
        ASSERT_OK(mkdir(AT, 0700));
        ASSERT_OK(mkdir(AT "/source", 0700));
        ASSERT_OK(mount("tmpfs", AT "/source", "tmpfs", 0, NULL));
        ASSERT_OK(mount(NULL, AT "/source", NULL, MS_SHARED, NULL));
        ASSERT_OK(mkdir(AT "/source/later", 0700));

        following = mount_clone_path(AT "/source", /* recursive= */ true, MOUNT_ATTR_RDONLY, NULL);
        standing = mount_clone_as_it_is(AT "/source", MOUNT_ATTR_RDONLY, NULL);
        ASSERT_OK(mkdir(AT "/following", 0700));
        ASSERT_OK(mkdir(AT "/standing", 0700));
        ASSERT_OK(mount_attach(following, AT "/following", NULL));
        ASSERT_OK(mount_attach(standing, AT "/standing", NULL));
        ASSERT_OK(mount("tmpfs", AT "/source/later", "tmpfs", 0, NULL));
        ASSERT_EQ(write_below(AT "/following/later/file"), 0);
        ASSERT_EQ(write_below(AT "/standing/later/file"), -EROFS);
}
