/* SPDX-License-Identifier: MIT */

#include <fcntl.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/size-text.h"
#include "project-util.h"
#include "state/disk-use.h"
#include "test.h"

static uint64_t use_of(const TestDir *dir, const char *name) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        uint64_t size;

        ASSERT_OK(disk_use(dir->fd, name, &size, &error), &error);
        return size;
}

/* du(1) counts the same way. */
static uint64_t du(const TestDir *dir, const char *name) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_close_ int fd = -EBADF;
        _cleanup_free_ char *text = NULL;

        ASSERT_EQ(test_shell(dir, "du -sx --block-size=1 '%s' | cut -f 1 >.du", name), 0);
        fd = openat(dir->fd, ".du", O_RDONLY | O_CLOEXEC);
        ASSERT_OK(fs_read_fd(fd, ".du", 100, &text, NULL, &error), &error);
        return strtoull(text, NULL, 10);
}

TEST(counts_like_du) {
        TEST_DIR(dir);

        ASSERT_EQ(use_of(&dir, "none"), 0);
        ASSERT_EQ(test_shell(&dir,
                             "mkdir -p t/a/b && head -c 100000 /dev/zero >t/file && ln t/file t/a/same && "
                             "ln t/file t/a/b/again && truncate -s 1G t/a/sparse && ln -s / t/root && "
                             "mkfifo t/fifo && seq 3000 | split -l 1 -a 4 - t/a/b/x"),
                  0);
        ASSERT_EQ(use_of(&dir, "t"), du(&dir, "t"));
        ASSERT_TRUE(use_of(&dir, "t") < 100 * 1000 * 1000);
        ASSERT_EQ(use_of(&dir, "t/file"), du(&dir, "t/file"));
        /* Not where a link leads to. */
        ASSERT_EQ(use_of(&dir, "t/root"), du(&dir, "t/root"));
}

/* Many names of many files, so that the set of them grows. */
TEST(counts_each_file_once) {
        uint64_t size;
        TEST_DIR(dir);

        ASSERT_EQ(test_shell(&dir, "mkdir -p t/a && cd t/a && seq 3000 | split -l 1 -a 4 - x"), 0);
        size = use_of(&dir, "t/a");
        ASSERT_EQ(test_shell(&dir, "cp -al t/a t/b && cp -al t/a t/c"), 0);
        ASSERT_EQ(use_of(&dir, "t"), du(&dir, "t"));
        ASSERT_TRUE(use_of(&dir, "t") < size + size / 10 + 1000 * 1000);
}

TEST(leaves_mounts_out) {
        uint64_t size;
        TEST_DIR(dir);

        ASSERT_EQ(
                test_shell(&dir, "mkdir -p t/m big && touch t/f && head -c 3000000 /dev/urandom >big/file"),
                0);
        if (!test_may_mount(&dir))
                SKIP("no permission to mount");
        size = use_of(&dir, "t");
        ASSERT_EQ(test_shell(&dir, "mount --bind big t/m && mount --bind big/file t/f"), 0);
        ASSERT_TRUE(use_of(&dir, "t") <= size);
        ASSERT_EQ(test_shell(&dir, "umount t/m t/f"), 0);
        ASSERT_EQ(use_of(&dir, "t"), size);
}

TEST(fill) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *text = NULL, *none = NULL;
        unsigned percent;
        uint64_t left;
        TEST_DIR(dir);

        if (!test_may_mount(&dir))
                SKIP("no permission to mount");
        ASSERT_EQ(test_shell(&dir, "mkdir m && mount -t tmpfs -o size=10m tmpfs m && "
                                   "head -c 9400000 /dev/zero >m/file"),
                  0);
        {
                _cleanup_close_ int fd = openat(dir.fd, "m", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

                ASSERT_OK(disk_fill(fd, &percent, &left, &error), &error);
                ASSERT_EQ(percent, 90);
                ASSERT_TRUE(left > 1000000 && left < 1100000);
                text = disk_describe_full(fd);
                ASSERT_STREQ(text, "the disk of '.containers' is 90 % full, 1.0 MB are left");
                ASSERT_EQ(test_shell(&dir, "truncate -s 9000000 m/file"), 0);
                none = disk_describe_full(fd);
                ASSERT_STREQ(none, NULL);
                ASSERT_TRUE(!disk_is_read_only(fd));
                ASSERT_EQ(test_shell(&dir, "mount -o remount,ro m"), 0);
                ASSERT_TRUE(disk_is_read_only(fd));
        }
        ASSERT_EQ(test_shell(&dir, "umount m"), 0);
}

TEST(size_text) {
        static const struct {
                uint64_t bytes;
                const char *text;
        } table[] = {
                {0, "0 B"},       {999, "999 B"},     {1000, "1.0 KB"},       {9999, "9.9 KB"},
                {10000, "10 KB"}, {999999, "999 KB"}, {1300000000, "1.3 GB"}, {UINT64_MAX, "18 EB"},
        };
        char buf[FORMAT_SIZE_MAX];

        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                ASSERT_STREQ(format_size(buf, table[i].bytes), table[i].text);
}
