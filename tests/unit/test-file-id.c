/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <sys/statfs.h>

#include "base/alloc.h"
#include "base/file-id.h"
#include "project-util.h"
#include "test.h"

static char *id_of(const TestDir *dir, const char *name, bool make) {
        _cleanup_close_ int fd = openat(
                dir->fd, name, make ? O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC : O_PATH | O_CLOEXEC, 0600);

        ASSERT_TRUE(fd >= 0);
        return file_id_text(fd);
}

TEST(id) {
        _cleanup_free_ char *a = NULL, *b = NULL, *moved = NULL;
        TEST_DIR(dir);

        a = id_of(&dir, "a", true);
        b = id_of(&dir, "b", true);
        ASSERT_TRUE(a && b && !streq(a, b));
        ASSERT_TRUE(renameat(dir.fd, "a", dir.fd, "c") >= 0 && fchmodat(dir.fd, "c", 0644, 0) >= 0);
        moved = id_of(&dir, "c", false);
        ASSERT_STREQ(moved, a);
}

/* The kernel numbers devices anew when they come again. */
TEST(no_device_number) {
        _cleanup_free_ char *id = NULL, *device = NULL;
        struct statfs fs;
        struct stat st;
        TEST_DIR(dir);

        ASSERT_TRUE(fstatfs(dir.fd, &fs) >= 0 && fstat(dir.fd, &st) >= 0);
        id = id_of(&dir, ".", false);
        device = xasprintf("d%jx-", (uintmax_t) st.st_dev);
        ASSERT_EQ(startswith(id, device) != NULL, fs.f_fsid.__val[0] == 0 && fs.f_fsid.__val[1] == 0);
        ASSERT_TRUE(!file_id_text(-1));
}
