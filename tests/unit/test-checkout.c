/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "project-util.h"
#include "state/checkout.h"

static Checkout look(const TestDir *dir, const char *name) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *path = xasprintf("%s/%s", dir->path, name);
        _cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        Checkout c = {};

        ASSERT_TRUE(fd >= 0);
        ASSERT_OK(checkout_look(fd, path, &c, &error), &error);
        return c;
}

TEST(texts) {
        static const struct {
                const char *text;
                bool known;
                const char *path; /* NULL: it is damaged */
        } table[] = {
                {"/home/alice/shop\n", false, "/home/alice/shop"},
                {"/with\nnewline\n\n", false, "/with\nnewline\n"},
                {"2049 12 0 0 - /a b\n", true, "/a b"},
                {"2049 12 1700000000000000000 1 00ff /\n", true, "/"},
                {"18446744073709551615 1 1 255 00 /a\n", true, "/a"},
                {"18446744073709551616 1 1 255 00 /a\n", false, NULL},
                {"1 1 1 2147483648 00 /a\n", false, NULL},
                {"", false, NULL},
                {"\n", false, NULL},
                {"x\n", false, NULL},
                {"/no-newline", false, NULL},
                {"1 2 3 4 - relative\n", false, NULL},
                {"1 2 3 4 -\n", false, NULL},
                {"1 2 3 4 0 /a\n", false, NULL},
                {"1 2 3 4 0g /a\n", false, NULL},
                {"1 2 3 4  /a\n", false, NULL},
                {"1 2 3 /a\n", false, NULL},
                {"-1 2 3 4 - /a\n", false, NULL},
                {" 1 2 3 4 - /a\n", false, NULL},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(checkout_done) Checkout c = {};
                bool valid = checkout_parse(table[i].text, strlen(table[i].text), &c);

                test_set_row("%s", table[i].text);
                ASSERT_EQ(valid, table[i].path != NULL);
                if (valid) {
                        _cleanup_free_ char *again = checkout_print(&c);

                        ASSERT_EQ(c.known, table[i].known);
                        ASSERT_STREQ(c.path, table[i].path);
                        ASSERT_STREQ(again, table[i].text);
                }
        }
        test_set_row("%s", "NUL");
        ASSERT_TRUE(!checkout_parse("/a\0b\n", 5, &(Checkout){}));
}

static Checkout parse(const char *text) {
        Checkout c = {};

        ASSERT_TRUE(checkout_parse(text, strlen(text), &c));
        return c;
}

/* Inode numbers are used again. */
TEST(the_same_one) {
        static const struct {
                const char *a, *b;
                bool same;
        } table[] = {
                {"1 2 3 1 aa /a\n", "1 2 3 1 aa /b\n", true},
                {"1 2 3 1 aa /a\n", "1 2 4 1 aa /a\n", false},
                {"1 2 3 1 aa /a\n", "1 3 3 1 aa /a\n", false},
                {"1 2 3 1 aa /a\n", "2 2 3 1 aa /a\n", false},
                {"1 2 3 1 aa /a\n", "1 2 3 1 bb /a\n", true},
                {"1 2 0 1 aa /a\n", "1 2 0 1 aa /b\n", true},
                {"1 2 0 1 aa /a\n", "1 2 0 1 bb /a\n", false},
                {"1 2 0 1 aa /a\n", "1 2 0 2 aa /a\n", false},
                {"1 2 0 1 aa /a\n", "1 2 0 0 - /a\n", true},
                {"1 2 0 0 - /a\n", "1 2 0 0 - /b\n", true},
                {"/a\n", "/a\n", false},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(checkout_done) Checkout a = parse(table[i].a), b = parse(table[i].b);

                test_set_row("%s%s", table[i].a, table[i].b);
                ASSERT_EQ(checkout_is_same(&a, &b), table[i].same);
                ASSERT_EQ(checkout_is_same(&b, &a), table[i].same);
        }
}

TEST(handle_that_is_too_long) {
        char hex[2 * MAX_HANDLE_SZ + 3];
        _cleanup_free_ char *text = NULL;

        memset(hex, 'a', sizeof(hex) - 1);
        hex[sizeof(hex) - 1] = '\0';
        text = xasprintf("1 2 3 4 %s /a\n", hex);
        ASSERT_TRUE(!checkout_parse(text, strlen(text), &(Checkout){}));
}

static void expect(const Checkout *c, CheckoutFate fate, const char *where) {
        _cleanup_free_ char *path = NULL;

        ASSERT_EQ(checkout_find(c, &path), fate);
        if (where)
                ASSERT_STREQ(path, where);
        else
                ASSERT_TRUE(path == NULL);
}

TEST(found_again) {
        SKIP_UNLESS_ROOT();
        TEST_DIR(dir);
        _cleanup_(checkout_done) Checkout c = {}, other = {}, unknown = {};
        _cleanup_free_ char *moved = xasprintf("%s/b/moved", dir.path);
        _cleanup_close_ int open_fd = -EBADF;

        ASSERT_EQ(test_shell(&dir, "mkdir -p a/shop b"), 0);
        c = look(&dir, "a/shop");
        if (!c.handle_hex)
                SKIP("this file system has no handles");
        expect(&c, CHECKOUT_THERE, NULL);
        ASSERT_EQ(test_shell(&dir, "mv a/shop b/moved"), 0);
        expect(&c, CHECKOUT_MOVED, moved);
        /* Another one in its place, and nothing above that place. */
        ASSERT_EQ(test_shell(&dir, "mkdir a/shop"), 0);
        other = look(&dir, "a/shop");
        ASSERT_TRUE(!checkout_is_same(&c, &other));
        expect(&c, CHECKOUT_MOVED, moved);
        ASSERT_EQ(test_shell(&dir, "rm -r a"), 0);
        expect(&c, CHECKOUT_MOVED, moved);
        expect(&other, CHECKOUT_GONE, NULL);
        /* Not while a process is in it either. */
        open_fd = open(moved, O_PATH | O_DIRECTORY | O_CLOEXEC);
        ASSERT_TRUE(open_fd >= 0);
        ASSERT_EQ(test_shell(&dir, "rmdir b/moved"), 0);
        expect(&c, CHECKOUT_GONE, NULL);
        open_fd = safe_close(open_fd);
        expect(&c, CHECKOUT_GONE, NULL);

        /* What an earlier release has written. */
        unknown.path = xasprintf("%s/b", dir.path);
        expect(&unknown, CHECKOUT_THERE, NULL);
        ASSERT_TRUE(!checkout_is_same(&unknown, &unknown));
        ASSERT_EQ(test_shell(&dir, "rmdir b"), 0);
        expect(&unknown, CHECKOUT_LOST, NULL);
}

/* Where no path tells of it any more it is there nevertheless. */
TEST(moved_too_deep) {
        SKIP_UNLESS_ROOT();
        TEST_DIR(dir);
        _cleanup_(checkout_done) Checkout c = {};

        ASSERT_EQ(test_shell(&dir, "mkdir shop"), 0);
        c = look(&dir, "shop");
        if (!c.handle_hex)
                SKIP("this file system has no handles");
        ASSERT_EQ(test_shell(&dir,
                             "name=$(printf '%%0250d' 0) && mkdir -p top/$name && mv shop top/$name && "
                             "for i in $(seq 20); do "
                             "mkdir -p more/$name && mv top/$name more/$name/ && rmdir top && "
                             "mv more top || exit 1; done"),
                  0);
        expect(&c, CHECKOUT_LOST, NULL);
}

TEST(without_handles) {
        SKIP_UNLESS_ROOT();
        TEST_DIR(dir);
        _cleanup_(checkout_done) Checkout c = {};

        ASSERT_EQ(test_shell(&dir, "mkdir shop"), 0);
        c = look(&dir, "shop");
        free(TAKE_PTR(c.handle_hex));
        expect(&c, CHECKOUT_THERE, NULL);
        ASSERT_EQ(test_shell(&dir, "mv shop moved"), 0);
        expect(&c, CHECKOUT_LOST, NULL);
}

/* Mounted twice it is one; unmounted it is not gone. */
static void with_mounts(const TestDir *dir) {
        Checkout c, twice;

        ASSERT_OK(unshare(CLONE_NEWNS));
        ASSERT_OK(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
        ASSERT_EQ(test_shell(dir, "mkdir disk twice && mount -t tmpfs tmpfs disk && mkdir disk/shop && "
                                  "mount --bind disk/shop twice"),
                  0);
        c = look(dir, "disk/shop");
        twice = look(dir, "twice");
        ASSERT_TRUE(checkout_is_same(&c, &twice));
        ASSERT_EQ(test_shell(dir, "umount twice && umount disk"), 0);
        expect(&c, CHECKOUT_HIDDEN, NULL);
        expect(&twice, CHECKOUT_HIDDEN, NULL);
        checkout_done(&c);
        checkout_done(&twice);
}

/* A file system of a server that has stopped to answer, as NFS has it: here it has not even begun. */
static void with_silent_server(const TestDir *dir) {
        _cleanup_(checkout_done) Checkout c = {};
        _cleanup_free_ char *options = NULL, *path = xasprintf("%s/silent", dir->path);
        int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);

        if (fd < 0)
                exit(TEST_EXIT_SKIP);
        ASSERT_OK(unshare(CLONE_NEWNS));
        ASSERT_OK(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
        ASSERT_EQ(test_shell(dir, "mkdir -p silent/shop"), 0);
        c = look(dir, "silent/shop");
        options = xasprintf("fd=%d,rootmode=40000,user_id=0,group_id=0", fd);
        if (mount("silent", path, "fuse", 0, options) < 0)
                exit(TEST_EXIT_SKIP);
        expect(&c, CHECKOUT_HIDDEN, NULL);
        (void) close(fd);
}

TEST(silent_server) {
        int status;
        pid_t pid;

        SKIP_UNLESS_ROOT();
        TEST_DIR(dir);
        pid = fork();
        ASSERT_TRUE(pid >= 0);
        if (pid == 0) {
                with_silent_server(&dir);
                exit(0);
        }
        ASSERT_EQ(waitpid(pid, &status, 0), pid);
        if (WIFEXITED(status) && WEXITSTATUS(status) == TEST_EXIT_SKIP)
                SKIP("no FUSE here");
        ASSERT_EQ(status, 0);
}

TEST(mounts) {
        int status;
        pid_t pid;

        SKIP_UNLESS_ROOT();
        TEST_DIR(dir);
        pid = fork();
        ASSERT_TRUE(pid >= 0);
        if (pid == 0) {
                with_mounts(&dir);
                exit(0);
        }
        ASSERT_EQ(waitpid(pid, &status, 0), pid);
        ASSERT_EQ(status, 0);
}
