/* SPDX-License-Identifier: MIT */

#include <fcntl.h>

#include "base/alloc.h"
#include "project-util.h"
#include "rootfs/image-mark.h"

static char *mark_of(const TestDir *dir) {
        _cleanup_free_ char *path = xasprintf("%s/image", dir->path);
        _cleanup_close_ int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

        ASSERT_TRUE(fd >= 0);
        return image_mark_make(fd);
}

TEST(says_what_has_changed) {
        static const struct {
                const char *command;
                bool same;
        } table[] = {
                {"true", true},
                {"cat image/etc/passwd", true},
                /* Installed, or removed. */
                {"touch -d @5 image/var/lib/dpkg", false},
                {"touch image/etc/new", false},
                {"rmdir image/usr", false},
                /* Made anew. */
                {"mv image old && mkdir -p image/etc image/usr image/var/lib/dpkg && "
                 "touch -r old/etc image/etc && touch -r old/usr image/usr && "
                 "touch -r old/var/lib/dpkg image/var/lib/dpkg && touch -r old image",
                 false},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_free_ char *before = NULL, *after = NULL;

                TEST_DIR(dir);
                test_set_row("%s", table[i].command);
                ASSERT_EQ(
                        test_shell(
                                &dir,
                                "mkdir -p image/etc image/usr image/var/lib/dpkg && : >image/etc/passwd && "
                                "touch -d @1 image/etc image/usr image/var/lib/dpkg image"),
                        0);
                before = mark_of(&dir);
                ASSERT_EQ(test_shell(&dir, "%s", table[i].command), 0);
                after = mark_of(&dir);
                ASSERT_EQ(streq(before, after), table[i].same);
        }
}

TEST(is_not_known) {
        TEST_DIR(dir);
        _cleanup_close_ int fd = open(dir.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        ASSERT_TRUE(fd >= 0 && !image_mark_read(fd));
}
