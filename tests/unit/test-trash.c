/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/process.h"
#include "project-util.h"
#include "state/mounted.h"
#include "state/trash.h"
#include "test.h"

/* A tree with what can stand in the way; each call the same. */
#define TREE                                                                                                \
        "mkdir -p tree/a/b/c tree/var/empty && touch tree/f tree/a/f tree/a/b/f tree/a/b/c/f && "           \
        "ln -s / tree/a/link && mkfifo tree/a/fifo && ln tree/f tree/a/again"

static bool there(const TestDir *dir, const char *name) {
        struct stat st;

        return fstatat(dir->fd, name, &st, AT_SYMLINK_NOFOLLOW) >= 0;
}

TEST(put_and_empty) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        TEST_DIR(dir);
        struct stat st;

        ASSERT_OK(trash_put(dir.fd, dir.fd, "tree", &error), &error);
        ASSERT_TRUE(!trash_is_used(dir.fd));
        ASSERT_OK(trash_empty(dir.fd, true, NULL, NULL, &error), &error);

        ASSERT_EQ(test_shell(&dir, TREE " && mkdir beside && touch kept beside/kept"), 0);
        ASSERT_OK(trash_put(dir.fd, dir.fd, "tree", &error), &error);
        ASSERT_TRUE(!there(&dir, "tree") && trash_is_used(dir.fd));
        ASSERT_EQ(fstatat(dir.fd, TRASH_DIR, &st, AT_SYMLINK_NOFOLLOW), 0);
        ASSERT_EQ(st.st_mode & 07777, 0700);
        /* One more of the same name, and a file. */
        ASSERT_EQ(test_shell(&dir, TREE), 0);
        ASSERT_OK(trash_put(dir.fd, dir.fd, "tree", &error), &error);
        ASSERT_OK(trash_put(dir.fd, dir.fd, "kept", &error), &error);
        ASSERT_EQ(test_shell(&dir, "test $(ls -A .trash | wc -l) = 3"), 0);
        ASSERT_OK(trash_empty(dir.fd, true, NULL, NULL, &error), &error);
        ASSERT_TRUE(!trash_is_used(dir.fd) && there(&dir, "beside/kept"));
}

/* In another directory, whose links are not followed: the name is one of that directory. */
TEST(put_from_below) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_close_ int below = -EBADF;
        TEST_DIR(dir);

        ASSERT_EQ(
                test_shell(&dir, "mkdir -p one outside && touch outside/kept && ln -s ../outside one/root"),
                0);
        below = fs_open_beneath(dir.fd, "one", O_RDONLY | O_DIRECTORY, 0, &error);
        ASSERT_OK(below, &error);
        ASSERT_OK(trash_put(dir.fd, below, "root", &error), &error);
        ASSERT_OK(trash_empty(dir.fd, true, NULL, NULL, &error), &error);
        ASSERT_TRUE(!there(&dir, "one/root") && there(&dir, "outside/kept"));
}

TEST(refuses_a_trash_of_others) {
        static const struct {
                const char *make, *message;
        } table[] = {
                {"ln -s outside .trash", "'.trash' is, or goes through, a symbolic link"},
                {"touch .trash", "Not a directory"},
                {"mkdir -m 707 .trash", "'.containers/.trash' is not root's alone"},
                {"mkdir -m 770 .trash", "'.containers/.trash' is not root's alone"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                TEST_DIR(dir);

                test_set_row("%s", table[i].make);
                ASSERT_EQ(test_shell(&dir, "mkdir -m 700 outside && touch outside/kept && mkdir tree && %s",
                                     table[i].make),
                          0);
                ASSERT_TRUE(trash_put(dir.fd, dir.fd, "tree", &error) < 0);
                ASSERT_TRUE(strstr(error.message, table[i].message));
                ASSERT_TRUE(there(&dir, "tree"));
                error_done(&error);
                ASSERT_TRUE(trash_empty(dir.fd, true, NULL, NULL, &error) < 0);
                ASSERT_TRUE(there(&dir, "outside/kept"));
        }
}

static bool kill_at(uint64_t n, void *userdata) {
        if (n == *(uint64_t *) userdata)
                (void) raise(SIGKILL);
        return true;
}

/* Whatever a command has done when it is killed, the next one finishes. */
TEST(goes_on_after_a_kill) {
        TEST_DIR(dir);

        for (uint64_t n = 1;; n++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                int status;
                pid_t pid;

                test_set_row("killed at %llu", (unsigned long long) n);
                ASSERT_EQ(test_shell(&dir, TREE), 0);
                pid = fork();
                ASSERT_TRUE(pid >= 0);
                if (pid == 0)
                        _exit(trash_put(dir.fd, dir.fd, "tree", NULL) < 0 ||
                              trash_empty(dir.fd, true, kill_at, &n, NULL) < 0);
                ASSERT_EQ(waitpid(pid, &status, 0), pid);
                ASSERT_TRUE(!there(&dir, "tree"));
                if (WIFEXITED(status)) {
                        ASSERT_EQ(WEXITSTATUS(status), 0);
                        ASSERT_TRUE(!trash_is_used(dir.fd));
                        /* 13 files and directories. */
                        ASSERT_EQ(n, 14);
                        return;
                }
                ASSERT_TRUE(trash_is_used(dir.fd));
                ASSERT_OK(trash_empty(dir.fd, true, NULL, NULL, &error), &error);
                ASSERT_TRUE(!trash_is_used(dir.fd));
        }
}

static bool stop_at_once(uint64_t n, void *userdata) {
        return false;
}

TEST(is_interrupted) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        TEST_DIR(dir);

        ASSERT_EQ(test_shell(&dir, TREE), 0);
        ASSERT_OK(trash_put(dir.fd, dir.fd, "tree", &error), &error);
        ASSERT_ERROR(trash_empty(dir.fd, true, stop_at_once, NULL, &error), &error, FC_EXIT_INTERRUPTED,
                     "interrupted while removing");
        ASSERT_TRUE(trash_is_used(dir.fd));
        ASSERT_OK(trash_empty(dir.fd, true, NULL, NULL, &error), &error);
}

/* Another command empties it: this one leaves it, or waits. */
TEST(two_at_once) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        int go[2], status;
        TEST_DIR(dir);
        pid_t pid;
        char byte;

        ASSERT_EQ(test_shell(&dir, TREE), 0);
        ASSERT_OK(trash_put(dir.fd, dir.fd, "tree", &error), &error);
        ASSERT_EQ(pipe2(go, O_CLOEXEC), 0);
        pid = fork();
        ASSERT_TRUE(pid >= 0);
        if (pid == 0) {
                int fd = openat(dir.fd, TRASH_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

                if (flock(fd, LOCK_EX) < 0 || write(go[1], "x", 1) != 1)
                        _exit(1);
                (void) pause();
                _exit(1);
        }
        ASSERT_EQ(read(go[0], &byte, 1), 1);
        ASSERT_OK(trash_empty(dir.fd, /* wait= */ false, NULL, NULL, &error), &error);
        ASSERT_TRUE(trash_is_used(dir.fd));
        ASSERT_EQ(kill(pid, SIGKILL), 0);
        ASSERT_EQ(waitpid(pid, &status, 0), pid);
        ASSERT_OK(trash_empty(dir.fd, /* wait= */ true, NULL, NULL, &error), &error);
        ASSERT_TRUE(!trash_is_used(dir.fd));
        (void) close(go[0]);
        (void) close(go[1]);
}

/* By a process that is not our child, and that another call waits for. */
TEST(empties_behind) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        uint64_t deadline = now_usec() + 30 * USEC_PER_SEC;
        TEST_DIR(dir);

        ASSERT_OK(trash_empty_behind(dir.fd, &error), &error);
        ASSERT_EQ(test_shell(&dir, TREE), 0);
        ASSERT_OK(trash_put(dir.fd, dir.fd, "tree", &error), &error);
        ASSERT_OK(trash_empty_behind(dir.fd, &error), &error);
        ASSERT_TRUE(waitpid(-1, NULL, 0) < 0 && errno == ECHILD);
        while (trash_is_used(dir.fd) && now_usec() < deadline)
                (void) usleep(1000);
        ASSERT_TRUE(!trash_is_used(dir.fd));

        ASSERT_EQ(test_shell(&dir, "mkdir -m 707 .trash"), 0);
        ASSERT_ERROR(trash_empty_behind(dir.fd, &error), &error, FC_EXIT_CONFLICT, "is not root's alone");
}

static bool set_flag(const TestDir *dir, const char *name, int flag) {
        _cleanup_close_ int fd = openat(dir->fd, name, O_RDONLY | O_CLOEXEC);
        int flags = 0;

        if (fd < 0 || ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0)
                return false;
        flags |= flag;
        return ioctl(fd, FS_IOC_SETFLAGS, &flags) >= 0;
}

TEST(flags_are_cleared) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        TEST_DIR(dir);

        ASSERT_EQ(test_shell(&dir, TREE), 0);
        if (!set_flag(&dir, "tree/var/empty", FS_IMMUTABLE_FL) ||
            !set_flag(&dir, "tree/a/b/f", FS_APPEND_FL) || !set_flag(&dir, "tree/a/b", FS_APPEND_FL) ||
            !set_flag(&dir, "tree", FS_IMMUTABLE_FL))
                SKIP("the flags cannot be set here");
        ASSERT_OK(trash_put(dir.fd, dir.fd, "tree", &error), &error);
        ASSERT_OK(trash_empty(dir.fd, true, NULL, NULL, &error), &error);
        ASSERT_TRUE(!trash_is_used(dir.fd));
}

TEST(a_mount_below_is_refused) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        TEST_DIR(dir);

        ASSERT_EQ(test_shell(&dir, "mkdir -p 'tree/a b/m' beside && touch beside/kept"), 0);
        if (!test_may_mount(&dir))
                SKIP("no permission to mount");
        ASSERT_EQ(test_shell(&dir, "mount --bind beside 'tree/a b/m'"), 0);
        ASSERT_ERROR(trash_put(dir.fd, dir.fd, "tree", &error), &error, FC_EXIT_CONFLICT, "/tree/a b/m'");
        ASSERT_TRUE(there(&dir, "tree") && !trash_is_used(dir.fd));
        error_done(&error);
        /* One that comes later is not entered. */
        ASSERT_EQ(test_shell(&dir, "umount 'tree/a b/m'"), 0);
        ASSERT_OK(trash_put(dir.fd, dir.fd, "tree", &error), &error);
        ASSERT_EQ(test_shell(&dir, "mount --bind beside .trash/*/*/m"), 0);
        ASSERT_ERROR(trash_empty(dir.fd, true, NULL, NULL, &error), &error, FC_EXIT_CONFLICT,
                     "something is mounted below it");
        ASSERT_TRUE(there(&dir, "beside/kept"));
        error_done(&error);
        ASSERT_EQ(test_shell(&dir, "umount .trash/*/*/m"), 0);
        ASSERT_OK(trash_empty(dir.fd, true, NULL, NULL, &error), &error);
}

TEST(mount_points) {
        static const char text[] = "1 0 8:1 / / rw - ext4 /dev/a rw\n"
                                   "2 1 0:5 / /a/b\\040c rw shared:1 - tmpfs tmpfs rw\n"
                                   "3 1 0:5 / /a/back\\134slash/x rw - tmpfs tmpfs rw\n"
                                   "cut off\n"
                                   "4 1 0:5 / /ab rw - tmpfs tmpfs rw";
        static const struct {
                const char *path, *point;
        } table[] = {
                {"/a", "/a/b c"},   {"/a/b c", "/a/b c"},
                {"/a/b c/d", NULL}, {"/a/back\\slash", "/a/back\\slash/x"},
                {"/ab", "/ab"},     {"/abc", NULL},
                {"/a/b", NULL},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_free_ char *point = mounted_find(text, table[i].path);

                test_set_row("%s", table[i].path);
                ASSERT_STREQ(point, table[i].point);
        }
}

TEST(removed_roots) {
        static const char text[] = "1 0 8:1 / / rw - ext4 /dev/a rw\n"
                                   "2 1 8:1 /home/a\\040b/root//deleted /m/root rw - ext4 /dev/a rw\n"
                                   "3 1 8:1 /home/shop//deleted/x /m/inside rw - ext4 /dev/a rw\n"
                                   "4 1 8:1 /home/shop/root /m/there rw - ext4 /dev/a rw\n"
                                   "5 1 0:5 / /m/\\040//deleted rw - tmpfs tmpfs rw\n"
                                   "cut off";
        static const struct {
                const char *path;
                bool removed;
        } table[] = {
                {"/m/root", true},   {"/m", false}, {"/m/root/x", false},     {"/m/inside", false},
                {"/m/there", false}, {"/", false},  {"/m/ //deleted", false},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                test_set_row("%s", table[i].path);
                ASSERT_EQ(mounted_is_removed(text, table[i].path), table[i].removed);
        }
}

TEST(overlays) {
        static const char text[] = "1 0 8:1 / / rw - ext4 /dev/a rw\n"
                                   "2 1 0:5 / /m/layer rw shared:1 master:2 - overlay flake-containers rw\n"
                                   "3 1 8:1 /overlay /m/tree rw - ext4 /dev/overlay rw\n"
                                   "4 1 0:5 / /m/covered rw - overlay o rw\n"
                                   "5 4 0:6 / /m/covered rw - tmpfs tmpfs rw\n"
                                   "6 1 0:5 / /m/plain rw - overlay o rw\n"
                                   "cut off";
        static const struct {
                const char *path;
                bool overlay;
        } table[] = {
                {"/m/layer", true},    {"/m/tree", false}, {"/m/plain", true},
                {"/m/covered", false}, {"/m", false},      {"/m/layer/x", false},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                test_set_row("%s", table[i].path);
                ASSERT_EQ(mounted_is_overlay(text, table[i].path), table[i].overlay);
        }
}

TEST(what_is_left) {
        _cleanup_close_ int fd = -EBADF;

        TEST_DIR(dir);
        ASSERT_TRUE(!trash_is_left(dir.fd));
        ASSERT_EQ(test_shell(&dir, "mkdir -m 700 .trash"), 0);
        ASSERT_TRUE(trash_is_left(dir.fd));
        /* While another command is at it. */
        fd = openat(dir.fd, ".trash", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        ASSERT_OK(flock(fd, LOCK_EX));
        ASSERT_TRUE(!trash_is_left(dir.fd));
}
