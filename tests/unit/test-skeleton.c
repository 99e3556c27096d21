/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "rootfs/skeleton.h"
#include "test.h"

/* A scratch directory with `root`, and with `toplevel` that has a shell. Removed by hand when it is to be
 * kept. */
static int make_scratch(char *path) {
        int fd;

        ASSERT_TRUE(mkdtemp(path));
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        ASSERT_TRUE(fd >= 0);
        ASSERT_TRUE(mkdirat(fd, "toplevel", 0755) >= 0 && mkdirat(fd, "toplevel/sw", 0755) >= 0 &&
                    mkdirat(fd, "toplevel/sw/bin", 0755) >= 0 &&
                    symlinkat("/nix/store/x/bin/sh", fd, "toplevel/sw/bin/sh") >= 0);
        return fd;
}

static int make_skeleton(int fd, Error *reterr) {
        _cleanup_close_ int root_fd = -EBADF;

        ASSERT_TRUE(mkdirat(fd, "root", 0700) >= 0 || errno == EEXIST);
        root_fd = openat(fd, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        ASSERT_TRUE(root_fd >= 0);
        return skeleton_make(root_fd, reterr);
}

static void remove_scratch(int fd, const char *path) {
        ASSERT_TRUE(fs_remove_tree(fd, "root", NULL) >= 0 && fs_remove_tree(fd, "toplevel", NULL) >= 0);
        ASSERT_TRUE(rmdir(path) >= 0);
}

static mode_t mode_of(int fd, const char *path) {
        struct stat st;

        ASSERT_TRUE(fstatat(fd, path, &st, AT_SYMLINK_NOFOLLOW) >= 0);
        return st.st_mode;
}

TEST(makes_what_nspawn_and_nixos_begin_with) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        char path[] = "/tmp/fc-skeleton-XXXXXX";
        _cleanup_close_ int fd = make_scratch(path);
        struct stat st;

        ASSERT_OK(make_skeleton(fd, &error), &error);
        ASSERT_EQ(mode_of(fd, "root"), S_IFDIR | 0755);
        ASSERT_EQ(mode_of(fd, "root/usr"), S_IFDIR | 0755);
        ASSERT_EQ(mode_of(fd, "root/bin"), S_IFDIR | 0755);
        ASSERT_EQ(mode_of(fd, "root/root"), S_IFDIR | 0700);
        ASSERT_EQ(mode_of(fd, "root/tmp"), S_IFDIR | 01777);
        ASSERT_EQ(mode_of(fd, "root/var/tmp"), S_IFDIR | 01777);
        ASSERT_EQ(mode_of(fd, "root/etc/machine-id"), S_IFREG | 0644);
        ASSERT_TRUE(fstatat(fd, "root/etc/machine-id", &st, 0) >= 0 && st.st_size == 0);
        ASSERT_TRUE(faccessat(fd, "root/etc/passwd", F_OK, AT_SYMLINK_NOFOLLOW) < 0);
        ASSERT_ERROR(make_skeleton(fd, &error), &error, FC_EXIT_INTERNAL, "make '/bin'");
        remove_scratch(fd, path);
}

TEST(adds_what_a_command_needs_and_replaces_nothing) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        char path[] = "/tmp/fc-skeleton-XXXXXX", target[64] = "";
        _cleanup_close_ int fd = make_scratch(path), root_fd = -EBADF, toplevel_fd = -EBADF;
        struct stat st;

        ASSERT_OK(make_skeleton(fd, &error), &error);
        root_fd = fs_open_beneath(fd, "root", O_RDONLY | O_DIRECTORY, 0, &error);
        toplevel_fd = fs_open_beneath(fd, "toplevel", O_PATH | O_DIRECTORY, 0, &error);
        ASSERT_TRUE(root_fd >= 0 && toplevel_fd >= 0);

        /* With an init: only where the store goes. */
        ASSERT_OK(skeleton_update(root_fd, "/nix/store", -EBADF, &error), &error);
        ASSERT_EQ(mode_of(root_fd, "nix/store"), S_IFDIR | 0755);
        ASSERT_TRUE(faccessat(root_fd, "bin/sh", F_OK, AT_SYMLINK_NOFOLLOW) < 0);

        ASSERT_TRUE(symlinkat("own", root_fd, "etc/group") >= 0);
        for (int i = 0; i < 2; i++)
                ASSERT_OK(skeleton_update(root_fd, "/nix/store", toplevel_fd, &error), &error);
        ASSERT_TRUE(readlinkat(root_fd, "bin/sh", target, sizeof(target) - 1) > 0);
        ASSERT_STREQ(target, "/run/current-system/sw/bin/sh");
        ASSERT_TRUE(fstatat(root_fd, "etc/passwd", &st, AT_SYMLINK_NOFOLLOW) >= 0 && st.st_size > 0);
        /* The container's own, and what the toplevel has not got. */
        ASSERT_TRUE(S_ISLNK(mode_of(root_fd, "etc/group")));
        ASSERT_TRUE(faccessat(root_fd, "usr/bin/env", F_OK, AT_SYMLINK_NOFOLLOW) < 0);
        remove_scratch(fd, path);
}

/* Without `usr` systemd-nspawn would never start it again. */
TEST(repairs_what_the_container_has_thrown_away) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        char path[] = "/tmp/fc-skeleton-XXXXXX";
        _cleanup_close_ int fd = make_scratch(path), root_fd = -EBADF;

        ASSERT_OK(make_skeleton(fd, &error), &error);
        root_fd = fs_open_beneath(fd, "root", O_RDONLY | O_DIRECTORY, 0, &error);
        ASSERT_TRUE(root_fd >= 0);
        ASSERT_TRUE(fs_remove_tree(root_fd, "usr", &error) >= 0 &&
                    fs_remove_tree(root_fd, "tmp", &error) >= 0);
        ASSERT_TRUE(unlinkat(root_fd, "srv", AT_REMOVEDIR) >= 0 && symlinkat("/data", root_fd, "srv") >= 0);
        ASSERT_TRUE(fchmodat(root_fd, "opt", 0700, 0) >= 0);

        ASSERT_OK(skeleton_update(root_fd, "/nix/store", -EBADF, &error), &error);
        ASSERT_EQ(mode_of(root_fd, "usr/bin"), S_IFDIR | 0755);
        ASSERT_EQ(mode_of(root_fd, "tmp"), S_IFDIR | 01777);
        ASSERT_TRUE(S_ISLNK(mode_of(root_fd, "srv")));
        ASSERT_EQ(mode_of(root_fd, "opt"), S_IFDIR | 0700);
        remove_scratch(fd, path);
}

/* What a disk that is full does. */
TEST(leaves_no_file_half_written) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        char path[] = "/tmp/fc-skeleton-XXXXXX";
        _cleanup_close_ int fd = make_scratch(path), root_fd = -EBADF, toplevel_fd = -EBADF;
        struct rlimit before, none;
        struct stat st;

        ASSERT_OK(make_skeleton(fd, &error), &error);
        root_fd = openat(fd, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        toplevel_fd = openat(fd, "toplevel", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        ASSERT_TRUE(signal(SIGXFSZ, SIG_IGN) != SIG_ERR && getrlimit(RLIMIT_FSIZE, &before) >= 0);
        none = (struct rlimit){10, before.rlim_max};
        ASSERT_TRUE(setrlimit(RLIMIT_FSIZE, &none) >= 0);
        ASSERT_TRUE(skeleton_update(root_fd, "/nix/store", toplevel_fd, &error) < 0);
        ASSERT_TRUE(setrlimit(RLIMIT_FSIZE, &before) >= 0);
        error_done(&error);
        ASSERT_OK(skeleton_update(root_fd, "/nix/store", toplevel_fd, &error), &error);
        ASSERT_TRUE(fstatat(root_fd, "etc/hosts", &st, 0) >= 0 && st.st_size > 10);
        remove_scratch(fd, path);
}

/* The root is the container's: what it leaves there must not lead us elsewhere. */
TEST(follows_no_link_of_the_container) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        char path[] = "/tmp/fc-skeleton-XXXXXX";
        _cleanup_close_ int fd = make_scratch(path), root_fd = -EBADF, toplevel_fd = -EBADF;

        ASSERT_OK(make_skeleton(fd, &error), &error);
        root_fd = fs_open_beneath(fd, "root", O_RDONLY | O_DIRECTORY, 0, &error);
        toplevel_fd = fs_open_beneath(fd, "toplevel", O_PATH | O_DIRECTORY, 0, &error);
        ASSERT_TRUE(root_fd >= 0 && toplevel_fd >= 0);

        ASSERT_TRUE(symlinkat("../toplevel", root_fd, "nix") >= 0);
        ASSERT_ERROR(skeleton_update(root_fd, "/nix/store", -EBADF, &error), &error, FC_EXIT_CONFLICT,
                     "symbolic link");
        ASSERT_TRUE(faccessat(fd, "toplevel/store", F_OK, 0) < 0);
        ASSERT_TRUE(unlinkat(root_fd, "nix", 0) >= 0);

        error_done(&error);
        ASSERT_TRUE(unlinkat(root_fd, "bin", AT_REMOVEDIR) >= 0 &&
                    symlinkat("../toplevel", root_fd, "bin") >= 0);
        ASSERT_ERROR(skeleton_update(root_fd, "/nix/store", toplevel_fd, &error), &error, FC_EXIT_CONFLICT,
                     "symbolic link");
        ASSERT_TRUE(faccessat(fd, "toplevel/sh", F_OK, AT_SYMLINK_NOFOLLOW) < 0);
        remove_scratch(fd, path);
}

/* What boots is changed in one step, whatever is there, unless that is a directory. */
TEST(leads_to_an_init) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        char path[] = "/tmp/fc-skeleton-XXXXXX";
        _cleanup_close_ int fd = make_scratch(path), root_fd = -EBADF;

        ASSERT_OK(make_skeleton(fd, &error), &error);
        root_fd = openat(fd, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        ASSERT_TRUE(!skeleton_leads_to_init(root_fd, "/nix/store/a/init"));
        ASSERT_OK(skeleton_link_init(root_fd, "/nix/store/a/init", &error), &error);
        ASSERT_TRUE(skeleton_leads_to_init(root_fd, "/nix/store/a/init"));
        ASSERT_TRUE(!skeleton_leads_to_init(root_fd, "/nix/store/a/ini"));
        ASSERT_OK(skeleton_link_init(root_fd, "/nix/store/b/init", &error), &error);
        ASSERT_TRUE(skeleton_leads_to_init(root_fd, "/nix/store/b/init"));
        ASSERT_TRUE(unlinkat(root_fd, "init", 0) >= 0 && mkdirat(root_fd, "init", 0755) >= 0);
        ASSERT_ERROR(skeleton_link_init(root_fd, "/nix/store/c/init", &error), &error, FC_EXIT_INTERNAL,
                     "'init'");
        remove_scratch(fd, path);
}
