/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/fs.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "test.h"

/* A directory for one test, empty at the start and removed at the end. It is the working directory too, so
 * that plain calls reach what is in it. */
typedef struct Scratch {
        char path[64];
        int fd;
} Scratch;

static Scratch scratch_new(void) {
        Scratch s = {.path = "/tmp/fc-test-fs-XXXXXX", .fd = -EBADF};

        ASSERT_TRUE(mkdtemp(s.path));
        ASSERT_EQ(chdir(s.path), 0);
        s.fd = open(".", O_DIRECTORY | O_RDONLY | O_CLOEXEC);
        ASSERT_TRUE(s.fd >= 0);
        return s;
}

static void scratch_done(Scratch *s) {
        _cleanup_close_ int tmp = open("/tmp", O_DIRECTORY | O_RDONLY | O_CLOEXEC);

        s->fd = safe_close(s->fd);
        ASSERT_EQ(chdir("/"), 0);
        ASSERT_OK(fs_remove_tree(tmp, s->path + strlen("/tmp/"), NULL));
}

#define SCRATCH(s)                                                                                          \
        _unused_ _cleanup_(scratch_done)                                                                    \
        Scratch s = scratch_new()

static void put(const char *name, const char *text) {
        _cleanup_close_ int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

        ASSERT_TRUE(fd >= 0);
        ASSERT_EQ(write(fd, text, strlen(text)), (ssize_t) strlen(text));
}

static void assert_content(const char *name, const char *expected) {
        _cleanup_close_ int fd = open(name, O_RDONLY | O_CLOEXEC);
        _cleanup_free_ char *text = NULL;

        ASSERT_TRUE(fd >= 0);
        ASSERT_OK(fs_read_fd(fd, name, 1024 * 1024, &text, NULL, NULL));
        ASSERT_STREQ(text, expected);
}

static bool exists(const char *name) {
        struct stat st;

        return lstat(name, &st) >= 0;
}

static mode_t mode_of(const char *name) {
        struct stat st;

        ASSERT_EQ(lstat(name, &st), 0);
        return st.st_mode & 07777;
}

/* Return: false where this is not permitted. The process keeps the namespace; nothing that is mounted in it
 * reaches the host. */
static bool enter_mount_namespace(Scratch *s) {
        if (unshare(CLONE_NEWNS) < 0)
                return false;
        ASSERT_EQ(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
        /* The old descriptor leads through the mounts of the old namespace, where the new ones are not. */
        (void) safe_close(s->fd);
        s->fd = open(".", O_DIRECTORY | O_RDONLY | O_CLOEXEC);
        ASSERT_TRUE(s->fd >= 0);
        return true;
}

/* Links and dots that lead elsewhere, beside a real file and directory. */
static void make_traps(void) {
        ASSERT_EQ(mkdir("dir", 0755), 0);
        put("dir/file", "inside");
        ASSERT_EQ(symlink("dir", "link"), 0);
        ASSERT_EQ(symlink("/etc", "absolute"), 0);
        ASSERT_EQ(symlink("dir/file", "file-link"), 0);
        ASSERT_EQ(symlink("nowhere", "dangling"), 0);
        ASSERT_EQ(symlink("/proc/self/fd", "magic"), 0);
}

static const struct {
        const char *path, *message;
} traps[] = {
        {"link", "'link' is, or goes through, a symbolic link"},
        {"link/file", "'link/file' is, or goes through, a symbolic link"},
        {"file-link", "is, or goes through, a symbolic link"},
        {"dangling", "is, or goes through, a symbolic link"},
        {"absolute/passwd", "is, or goes through, a symbolic link"},
        {"magic/0", "is, or goes through, a symbolic link"},
        {"..", "'..' leads out of its directory"},
        {"../x", "leads out of its directory"},
        {"dir/../../x", "leads out of its directory"},
        {"/etc/passwd", "'/etc/passwd' leads out of its directory"},
};

TEST(open_beneath) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_close_ int fd = -EBADF, again = -EBADF;
        SCRATCH(s);

        make_traps();
        fd = fs_open_beneath(s.fd, "dir/file", O_RDONLY, 0, &error);
        ASSERT_OK(fd, &error);
        ASSERT_TRUE(fcntl(fd, F_GETFD) & FD_CLOEXEC);
        again = fs_open_beneath(s.fd, ".", O_RDONLY | O_DIRECTORY, 0, &error);
        ASSERT_OK(again, &error);
        for (size_t i = 0; i < ELEMENTSOF(traps); i++) {
                test_set_row("%s", traps[i].path);
                ASSERT_ERROR(fs_open_beneath(s.fd, traps[i].path, O_RDONLY, 0, &error), &error,
                             FC_EXIT_CONFLICT, traps[i].message);
        }
        ASSERT_ERROR(fs_open_beneath(s.fd, "none", O_RDONLY, 0, &error), &error, FC_EXIT_INTERNAL,
                     "open 'none': No such file");
        ASSERT_ERROR(fs_open_beneath(s.fd, "dir/file/x", O_RDONLY, 0, &error), &error, FC_EXIT_INTERNAL,
                     "open 'dir/file/x': Not a directory");
}

TEST(open_beneath_creates_with_the_mode) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_close_ int fd = -EBADF;
        mode_t mask = umask(0);
        SCRATCH(s);

        fd = fs_open_beneath(s.fd, "new", O_WRONLY | O_CREAT | O_EXCL, 0640, &error);
        (void) umask(mask);
        ASSERT_OK(fd, &error);
        ASSERT_EQ(mode_of("new"), 0640);
        ASSERT_ERROR(fs_open_beneath(s.fd, "new", O_WRONLY | O_CREAT | O_EXCL, 0640, &error), &error,
                     FC_EXIT_INTERNAL, "open 'new': File exists");
}

TEST(open_beneath_optional_tells_missing_from_wrong) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        int fd = 42;
        SCRATCH(s);

        make_traps();
        ASSERT_OK(fs_open_beneath_optional(s.fd, "none", O_RDONLY, &fd, &error), &error);
        ASSERT_EQ(fd, -EBADF);
        fd = 42;
        ASSERT_ERROR(fs_open_beneath_optional(s.fd, "dangling", O_RDONLY, &fd, &error), &error,
                     FC_EXIT_CONFLICT, "symbolic link");
        ASSERT_EQ(fd, 42);
        ASSERT_OK(fs_open_beneath_optional(s.fd, "dir/file", O_RDONLY, &fd, &error));
        ASSERT_TRUE(fd >= 0 && fd != 42);
        (void) safe_close(fd);
}

/* Nothing blocks: a user who may write to the directory can put anything there. */
TEST(open_file_beneath) {
        static const char *const names[] = {"fifo", "directory", "device", "socket"};
        struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};
        _cleanup_close_ int bound = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_close_ int fd = -EBADF;
        SCRATCH(s);

        ASSERT_EQ(mkfifo("fifo", 0600), 0);
        ASSERT_EQ(mkdir("directory", 0755), 0);
        ASSERT_EQ(bind(bound, (struct sockaddr *) &address, sizeof(address)), 0);
        put("file", "text");
        ASSERT_EQ(symlink("file", "link"), 0);
        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                test_set_row("%s", names[i]);
                if (streq(names[i], "device") && mknod("device", S_IFCHR | 0600, makedev(1, 5)) < 0)
                        continue; /* not for us */
                ASSERT_ERROR(fs_open_file_beneath_optional(s.fd, names[i], &fd, &error), &error,
                             FC_EXIT_CONFLICT, "is not a regular file");
                if (!streq(names[i], "directory"))
                        ASSERT_ERROR(fs_open_file_beneath(s.fd, names[i], O_WRONLY | O_APPEND, 0, &error),
                                     &error, FC_EXIT_CONFLICT, "is not a regular file");
        }
        test_set_row("%s", "others");
        ASSERT_ERROR(fs_open_file_beneath_optional(s.fd, "link", &fd, &error), &error, FC_EXIT_CONFLICT,
                     "symbolic link");
        ASSERT_OK(fs_open_file_beneath_optional(s.fd, "missing", &fd, &error), &error);
        ASSERT_EQ(fd, -EBADF);
        ASSERT_ERROR(fs_open_file_beneath(s.fd, "missing", O_RDONLY, 0, &error), &error, FC_EXIT_INTERNAL,
                     "open 'missing': No such file");
        ASSERT_OK(fs_open_file_beneath_optional(s.fd, "file", &fd, &error), &error);
        ASSERT_TRUE(fd >= 0);
}

TEST(mkdir_beneath) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_close_ int fd = -EBADF, again = -EBADF;
        mode_t mask = umask(022);
        SCRATCH(s);

        make_traps();
        fd = fs_mkdir_beneath(s.fd, "a/b/c", 0750, &error);
        (void) umask(mask);
        ASSERT_OK(fd, &error);
        ASSERT_EQ(mode_of("a"), 0750);
        ASSERT_EQ(mode_of("a/b/c"), 0750);
        put("a/b/c/kept", "x");
        again = fs_mkdir_beneath(s.fd, "a/b/c", 0700, &error);
        ASSERT_OK(again, &error);
        ASSERT_EQ(mode_of("a/b/c"), 0750);
        ASSERT_EQ(faccessat(again, "kept", F_OK, 0), 0);

        ASSERT_ERROR(fs_mkdir_beneath(s.fd, "dir/file", 0755, &error), &error, FC_EXIT_CONFLICT,
                     "'dir/file' is not a directory");
        ASSERT_ERROR(fs_mkdir_beneath(s.fd, "dir/file/x", 0755, &error), &error, FC_EXIT_CONFLICT,
                     "'dir/file/x' is not a directory");
        ASSERT_TRUE(fs_mkdir_beneath(s.fd, "link/x", 0755, &error) < 0);
        ASSERT_TRUE(fs_mkdir_beneath(s.fd, "absolute/fc-test", 0755, &error) < 0);
        ASSERT_TRUE(fs_mkdir_beneath(s.fd, "dangling/x", 0755, &error) < 0);
        ASSERT_TRUE(fs_mkdir_beneath(s.fd, "../fc-test-out", 0755, &error) < 0);
        ASSERT_TRUE(!exists("dir/x") && !exists("nowhere") && !exists("../fc-test-out"));
}

TEST(read_fd) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *text = NULL, *large = xmalloc0(100001);
        _cleanup_close_ int dir = -EBADF;
        int pipe_fd[2], fd;
        size_t size = 7;
        char *nothing = NULL;
        SCRATCH(s);

        put("empty", "");
        fd = open("empty", O_RDONLY | O_CLOEXEC);
        ASSERT_OK(fs_read_fd(fd, "empty", 0, &text, &size, &error), &error);
        ASSERT_STREQ(text, "");
        ASSERT_EQ(size, 0);
        (void) safe_close(fd);
        free(TAKE_PTR(text));

        memset(large, 'x', 100000);
        put("large", large);
        fd = open("large", O_RDONLY | O_CLOEXEC);
        ASSERT_OK(fs_read_fd(fd, "large", 100000, &text, &size, &error), &error);
        ASSERT_EQ(size, 100000);
        ASSERT_STREQ(text, large);
        ASSERT_EQ(lseek(fd, 0, SEEK_SET), 0);
        ASSERT_ERROR(fs_read_fd(fd, "large", 99999, &nothing, &size, &error), &error, FC_EXIT_USAGE,
                     "'large' is larger than 99999 bytes");
        ASSERT_TRUE(!nothing);
        (void) safe_close(fd);

        ASSERT_EQ(pipe2(pipe_fd, O_CLOEXEC), 0);
        ASSERT_EQ(write(pipe_fd[1], "a\0b", 3), 3);
        (void) safe_close(pipe_fd[1]);
        free(TAKE_PTR(text));
        ASSERT_OK(fs_read_fd(pipe_fd[0], "pipe", 10, &text, &size, &error), &error);
        ASSERT_EQ(size, 3);
        ASSERT_TRUE(memcmp(text, "a\0b", 4) == 0);
        (void) safe_close(pipe_fd[0]);

        dir = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        ASSERT_ERROR(fs_read_fd(dir, "dir", 10, &nothing, NULL, &error), &error, FC_EXIT_INTERNAL,
                     "read 'dir': Is a directory");
}

TEST(write_atomic_replaces) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        mode_t mask = umask(022);
        SCRATCH(s);

        ASSERT_OK(fs_write_atomic(s.fd, "f", "one", 3, 0644, &error), &error);
        assert_content("f", "one");
        ASSERT_EQ(mode_of("f"), 0644);
        ASSERT_OK(fs_write_atomic(s.fd, "f", "", 0, 0600, &error), &error);
        assert_content("f", "");
        ASSERT_EQ(mode_of("f"), 0600);
        ASSERT_TRUE(!exists(".f.new"));
        (void) umask(mask);
}

TEST(write_atomic_follows_no_link) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        SCRATCH(s);

        put("victim", "untouched");
        ASSERT_EQ(symlink("victim", "f"), 0);
        ASSERT_EQ(symlink("victim", ".f.new"), 0);
        ASSERT_OK(fs_write_atomic(s.fd, "f", "new", 3, 0644, &error), &error);
        assert_content("victim", "untouched");
        assert_content("f", "new");
        ASSERT_TRUE(!exists(".f.new"));
}

TEST(write_atomic_clears_up_when_it_fails) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        SCRATCH(s);

        ASSERT_EQ(mkdir("f", 0755), 0);
        ASSERT_ERROR(fs_write_atomic(s.fd, "f", "x", 1, 0644, &error), &error, FC_EXIT_INTERNAL,
                     "write 'f': ");
        ASSERT_TRUE(!exists(".f.new"));
}

TEST(write_atomic_keeps_the_old_content_on_a_full_disk) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *large = xmalloc0(1024 * 1024);
        _cleanup_close_ int fd = -EBADF;
        SCRATCH(s);

        if (!enter_mount_namespace(&s))
                SKIP("no permission to mount");
        ASSERT_EQ(mkdir("full", 0755), 0);
        ASSERT_EQ(mount("tmpfs", "full", "tmpfs", 0, "size=64k"), 0);
        fd = open("full", O_DIRECTORY | O_RDONLY | O_CLOEXEC);
        ASSERT_OK(fs_write_atomic(fd, "state", "old", 3, 0644, &error), &error);
        memset(large, 'x', 1024 * 1024);
        ASSERT_ERROR(fs_write_atomic(fd, "state", large, 1024 * 1024, 0644, &error), &error, FC_EXIT_HOST,
                     "write 'state': No space left on device");
        assert_content("full/state", "old");
        ASSERT_TRUE(!exists("full/.state.new"));
        fd = safe_close(fd);
        ASSERT_EQ(umount2("full", MNT_DETACH), 0);
}

static bool stop_at_once(uint64_t n, void *userdata) {
        return false;
}

/* Whichever was made first: that order tells a tree of which something is left from a whole one. */
TEST(removal_begins_with_files) {
        for (int directory_first = 0; directory_first < 2; directory_first++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                SCRATCH(s);

                test_set_row("%d", directory_first);
                ASSERT_EQ(mkdir("t", 0755), 0);
                if (!directory_first)
                        put("t/definition", "x");
                ASSERT_EQ(mkdir("t/root", 0755), 0);
                put("t/root/f", "x");
                if (directory_first)
                        put("t/definition", "x");
                ASSERT_ERROR(fs_remove_tree_watched(s.fd, "t", stop_at_once, NULL, &error), &error,
                             FC_EXIT_INTERRUPTED, "interrupted");
                ASSERT_TRUE(!exists("t/definition") && exists("t/root/f"));
        }
}

TEST(remove_tree) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        SCRATCH(s);

        ASSERT_EQ(mkdir("outside", 0755), 0);
        put("outside/kept", "x");
        ASSERT_EQ(mkdir("t", 0755), 0);
        ASSERT_EQ(mkdir("t/a", 0755), 0);
        /* No mode keeps root out. */
        ASSERT_EQ(mkdir("t/a/b", geteuid() == 0 ? 0 : 0700), 0);
        put("t/a/f", "x");
        ASSERT_EQ(chmod("t/a/f", 0), 0);
        ASSERT_EQ(symlink("../outside", "t/link"), 0);
        ASSERT_EQ(symlink("/", "t/a/root"), 0);
        ASSERT_EQ(mkfifo("t/a/fifo", 0600), 0);

        ASSERT_OK(fs_remove_tree(s.fd, "t", &error), &error);
        ASSERT_TRUE(!exists("t"));
        assert_content("outside/kept", "x");

        ASSERT_OK(fs_remove_tree(s.fd, "t", &error), &error);
        ASSERT_EQ(symlink("outside", "link"), 0);
        ASSERT_OK(fs_remove_tree(s.fd, "link", &error), &error);
        ASSERT_TRUE(!exists("link"));
        assert_content("outside/kept", "x");
        ASSERT_OK(fs_remove_tree(s.fd, "outside/kept", &error), &error);
        ASSERT_TRUE(!exists("outside/kept") && exists("outside"));
}

TEST(remove_tree_stays_below) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        SCRATCH(s);

        ASSERT_EQ(mkdir("a", 0755), 0);
        put("a/kept", "x");
        ASSERT_EQ(symlink("a", "l"), 0);
        ASSERT_TRUE(fs_remove_tree(s.fd, "..", &error) < 0);
        ASSERT_TRUE(fs_remove_tree(s.fd, "a/../..", &error) < 0);
        ASSERT_ERROR(fs_remove_tree(s.fd, "/tmp", &error), &error, FC_EXIT_CONFLICT, "leads out");
        (void) fs_remove_tree(s.fd, "l/kept", &error);
        assert_content("a/kept", "x");
}

TEST(remove_tree_never_enters_a_mount) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        SCRATCH(s);

        if (!enter_mount_namespace(&s))
                SKIP("no permission to mount");
        ASSERT_EQ(mkdir("source", 0755), 0);
        put("source/precious", "x");
        put("file", "y");
        ASSERT_EQ(mkdir("t", 0755), 0);
        ASSERT_EQ(mkdir("t/m", 0755), 0);
        put("t/f", "");

        /* Of the same file system: it has the same device number. */
        ASSERT_EQ(mount("source", "t/m", NULL, MS_BIND, NULL), 0);
        ASSERT_ERROR(fs_remove_tree(s.fd, "t", &error), &error, FC_EXIT_CONFLICT,
                     "remove 't': something is mounted below it");
        assert_content("source/precious", "x");
        ASSERT_ERROR(fs_remove_tree(s.fd, "t/m", &error), &error, FC_EXIT_CONFLICT, "mounted");
        assert_content("source/precious", "x");
        ASSERT_EQ(umount2("t/m", 0), 0);

        ASSERT_EQ(mount("tmpfs", "t/m", "tmpfs", 0, NULL), 0);
        put("t/m/other", "z");
        ASSERT_ERROR(fs_remove_tree(s.fd, "t", &error), &error, FC_EXIT_CONFLICT, "mounted below");
        assert_content("t/m/other", "z");
        ASSERT_EQ(umount2("t/m", 0), 0);

        if (!exists("t/f"))
                put("t/f", "");
        ASSERT_EQ(mount("file", "t/f", NULL, MS_BIND, NULL), 0);
        ASSERT_ERROR(fs_remove_tree(s.fd, "t", &error), &error, FC_EXIT_CONFLICT, "mounted below");
        assert_content("file", "y");
        ASSERT_EQ(umount2("t/f", 0), 0);
        ASSERT_OK(fs_remove_tree(s.fd, "t", &error), &error);
}

static bool set_immutable(const char *name) {
        _cleanup_close_ int fd = open(name, O_RDONLY | O_CLOEXEC);
        int flags = 0;

        if (fd < 0 || ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0)
                return false;
        flags |= FS_IMMUTABLE_FL;
        return ioctl(fd, FS_IOC_SETFLAGS, &flags) >= 0;
}

TEST(remove_tree_clears_the_immutable_flag) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        SCRATCH(s);

        ASSERT_EQ(mkdir("t", 0755), 0);
        ASSERT_EQ(mkdir("t/empty", 0755), 0);
        ASSERT_EQ(mkdir("t/dir", 0755), 0);
        put("t/dir/file", "x");
        if (!set_immutable("t/empty") || !set_immutable("t/dir/file") || !set_immutable("t/dir"))
                SKIP("the immutable flag cannot be set here");
        ASSERT_TRUE(rmdir("t/empty") < 0);
        ASSERT_OK(fs_remove_tree(s.fd, "t", &error), &error);
        ASSERT_TRUE(!exists("t"));
}

/* Deeper than a process may have descriptors, and than its stack would take. */
TEST(remove_tree_deep) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        struct rlimit old, few;
        SCRATCH(s);

        ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &old), 0);
        few = (struct rlimit){16, old.rlim_max};
        ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
        ASSERT_EQ(mkdir("t", 0755), 0);
        ASSERT_EQ(chdir("t"), 0);
        for (int i = 0; i < 2000; i++) {
                put("file", "");
                ASSERT_EQ(mkdir("e", 0755), 0);
                ASSERT_EQ(mkdir("d", 0755), 0);
                ASSERT_EQ(chdir("d"), 0);
        }
        ASSERT_EQ(chdir(s.path), 0);
        ASSERT_OK(fs_remove_tree(s.fd, "t", &error), &error);
        ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &old), 0);
        ASSERT_TRUE(!exists("t"));
}

TEST(fd_path) {
        _cleanup_free_ char *path = NULL;
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_close_ int fd = open("/usr", O_PATH | O_DIRECTORY | O_CLOEXEC);

        ASSERT_OK(fs_fd_path(fd, "it", &path, &error), &error);
        ASSERT_STREQ(path, "/usr");
        ASSERT_TRUE(fs_fd_path(-1, "it", &path, &error) < 0);
        ASSERT_TRUE(startswith(error.message, "find it: "));
}

TEST(proc_fd) {
        char buf[FS_PROC_FD_MAX];

        ASSERT_STREQ(fs_proc_fd(buf, 7), "/proc/self/fd/7");
        ASSERT_STREQ(fs_proc_fd(buf, 2147483647), "/proc/self/fd/2147483647");
}

/* What cannot be told is not a no. */
TEST(is_there) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        SCRATCH(dir);
        bool there;

        ASSERT_OK(fs_is_there(dir.fd, "a", &there, &error), &error);
        ASSERT_TRUE(!there);
        ASSERT_EQ(symlinkat("nowhere", dir.fd, "a"), 0);
        ASSERT_OK(fs_is_there(dir.fd, "a", &there, &error), &error);
        ASSERT_TRUE(there);
        ASSERT_OK(fs_is_there(dir.fd, "b/c", &there, &error), &error);
        ASSERT_TRUE(!there);
        ASSERT_EQ(symlinkat("loop", dir.fd, "loop"), 0);
        ASSERT_ERROR(fs_is_there(dir.fd, "loop/c", &there, &error), &error, FC_EXIT_INTERNAL,
                     "look at 'loop/c'");
        ASSERT_ERROR(fs_is_there(-EBADF, "a", &there, &error), &error, FC_EXIT_INTERNAL, "look at 'a'");
}

static void rename_new_rows(int fd) {
        put("a", "a");
        put("b", "b");
        ASSERT_EQ(fs_rename_new(fd, "a", fd, "b"), -EEXIST);
        ASSERT_TRUE(exists("a"));
        ASSERT_EQ(symlinkat("nowhere", fd, "link"), 0);
        ASSERT_EQ(fs_rename_new(fd, "a", fd, "link"), -EEXIST);
        ASSERT_EQ(fs_rename_new(fd, "a", fd, "c"), 0);
        ASSERT_TRUE(exists("c") && !exists("a"));
        ASSERT_EQ(fs_rename_new(fd, "a", fd, "d"), -ENOENT);
        ASSERT_EQ(fs_rename_new(fd, "c", fd, "b/c"), -ENOTDIR);
        ASSERT_EQ(mkdir("e", 0755), 0);
        ASSERT_EQ(fs_rename_new(fd, "e", fd, "e/f"), -EINVAL);
}

/* As NFS and 9p do: there is no flag that they know. */
static void rename_without_flags(void) {
        struct sock_filter rows[] = {
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_renameat2, 0, 3),
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[4])),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        };
        struct sock_fprog program = {.len = ELEMENTSOF(rows), .filter = rows};

        ASSERT_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
        ASSERT_EQ(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
        ASSERT_EQ(renameat2(AT_FDCWD, "x", AT_FDCWD, "y", RENAME_NOREPLACE), -1);
        ASSERT_EQ(errno, EINVAL);
}

TEST(rename_new) {
        SCRATCH(s);

        rename_new_rows(s.fd);
}

TEST(rename_new_without_flags) {
        SCRATCH(s);
        int status;
        pid_t pid = fork();

        if (pid == 0) {
                rename_without_flags();
                rename_new_rows(s.fd);
                _exit(0);
        }
        ASSERT_EQ(waitpid(pid, &status, 0), pid);
        ASSERT_EQ(status, 0);
}
