/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "rootfs/tree-copy.h"
#include "test.h"

/* A directory with `from`, `to` and `outside`, which is the working directory meanwhile. */
typedef struct Scratch {
        char path[64];
        int from_fd, to_fd;
} Scratch;

static int open_directory(const char *path) {
        int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        ASSERT_TRUE(fd >= 0);
        return fd;
}

static Scratch scratch_new(void) {
        Scratch s = {.path = "/dev/shm/fc-tree-copy-XXXXXX"};

        ASSERT_TRUE(mkdtemp(s.path));
        ASSERT_EQ(chdir(s.path), 0);
        ASSERT_TRUE(mkdir("from", 0755) >= 0 && mkdir("to", 0700) >= 0 && mkdir("outside", 0755) >= 0);
        s.from_fd = open_directory("from");
        s.to_fd = open_directory("to");
        return s;
}

static void scratch_done(Scratch *s) {
        (void) close(s->from_fd);
        (void) close(s->to_fd);
        ASSERT_EQ(chdir("/"), 0);
        if (fork() == 0) {
                (void) execl("/bin/rm", "rm", "-rf", s->path, NULL);
                _exit(127);
        }
        ASSERT_TRUE(wait(NULL) > 0);
}

#define SCRATCH(s)                                                                                          \
        _unused_ _cleanup_(scratch_done)                                                                    \
        Scratch s = scratch_new()

static void put(const char *path, const char *text) {
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

        ASSERT_TRUE(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t) strlen(text));
}

static struct stat look(const char *path) {
        struct stat st;

        ASSERT_EQ(lstat(path, &st), 0);
        return st;
}

static void assert_content(const char *path, const char *expected) {
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
        _cleanup_free_ char *text = NULL;

        ASSERT_TRUE(fd >= 0 && fs_read_fd(fd, path, 1024 * 1024, &text, NULL, NULL) >= 0);
        ASSERT_STREQ(text, expected);
}

static void copy(const Scratch *s) {
        _cleanup_(error_done) Error error = ERROR_NULL;

        ASSERT_OK(tree_copy(s->from_fd, s->to_fd, NULL, "from", &error), &error);
}

TEST(copies_what_a_file_is) {
        static const struct timespec times[] = {{1000000000, 5}, {1100000000, 7}};
        /* cap_net_bind_service=p, as in linux/capability.h. */
        static const char capability[20] = {0, 0, 0, 2, 0, 4};
        char value[64];
        SCRATCH(s);
        struct stat st;

        if (geteuid() != 0)
                SKIP("needs root");
        put("from/program", "text");
        ASSERT_TRUE(chown("from/program", 12, 34) >= 0 && chmod("from/program", 06751) >= 0);
        ASSERT_EQ(setxattr("from/program", "trusted.note", "note", 4, 0), 0);
        ASSERT_EQ(setxattr("from/program", "security.capability", capability, sizeof(capability), 0), 0);
        ASSERT_EQ(utimensat(AT_FDCWD, "from/program", times, 0), 0);
        ASSERT_TRUE(symlink("/no/where", "from/link") >= 0 && lchown("from/link", 5, 6) >= 0);
        ASSERT_TRUE(mkfifo("from/fifo", 0604) >= 0 &&
                    mknod("from/null", S_IFCHR | 0666, makedev(1, 3)) >= 0 &&
                    chmod("from/null", 0666) >= 0 && chmod("from/fifo", 0604) >= 0);
        ASSERT_TRUE(mkdir("from/dir", 0755) >= 0 && chmod("from/dir", 03775) >= 0 &&
                    chown("from/dir", 7, 8) >= 0);
        put("from/dir/empty", "");
        ASSERT_EQ(utimensat(AT_FDCWD, "from/dir", times, 0), 0);
        ASSERT_TRUE(chmod("from", 0751) >= 0 && chown("from", 9, 10) >= 0);
        copy(&s);

        st = look("to/program");
        ASSERT_EQ(st.st_mode, S_IFREG | 06751);
        ASSERT_TRUE(st.st_uid == 12 && st.st_gid == 34 && st.st_mtim.tv_sec == 1100000000 &&
                    st.st_mtim.tv_nsec == 7);
        assert_content("to/program", "text");
        ASSERT_EQ(getxattr("to/program", "trusted.note", value, sizeof(value)), 4);
        ASSERT_EQ(getxattr("to/program", "security.capability", value, sizeof(value)),
                  (ssize_t) sizeof(capability));
        ASSERT_EQ(memcmp(value, capability, sizeof(capability)), 0);
        st = look("to/link");
        ASSERT_TRUE(S_ISLNK(st.st_mode) && st.st_uid == 5 && st.st_gid == 6);
        ASSERT_EQ(look("to/fifo").st_mode, S_IFIFO | 0604);
        st = look("to/null");
        ASSERT_TRUE(st.st_mode == (S_IFCHR | 0666) && st.st_rdev == makedev(1, 3));
        st = look("to/dir");
        ASSERT_EQ(st.st_mode, S_IFDIR | 03775);
        ASSERT_TRUE(st.st_uid == 7 && st.st_gid == 8 && st.st_mtim.tv_sec == 1100000000);
        ASSERT_EQ(look("to/dir/empty").st_size, 0);
        st = look("to");
        ASSERT_EQ(st.st_mode, S_IFDIR | 0751);
        ASSERT_TRUE(st.st_uid == 9 && st.st_gid == 10);
}

TEST(keeps_holes_and_hard_links) {
        SCRATCH(s);
        struct stat st;
        int fd;

        fd = open("from/sparse", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        ASSERT_TRUE(fd >= 0 && pwrite(fd, "middle", 6, 64 << 20) == 6 && ftruncate(fd, 1 << 30) >= 0);
        (void) close(fd);
        ASSERT_TRUE(mkdir("from/a", 0755) >= 0 && mkdir("from/a/b", 0755) >= 0);
        put("from/a/b/first", "one file");
        ASSERT_TRUE(link("from/a/b/first", "from/second") >= 0 && link("from/second", "from/a/third") >= 0);
        copy(&s);

        st = look("to/sparse");
        ASSERT_TRUE(st.st_size == 1 << 30 && st.st_blocks < 4096);
        fd = open("to/sparse", O_RDONLY | O_CLOEXEC);
        ASSERT_EQ(lseek(fd, 0, SEEK_DATA) / 4096, (64 << 20) / 4096);
        (void) close(fd);
        st = look("to/second");
        ASSERT_EQ(st.st_nlink, 3);
        ASSERT_TRUE(look("to/a/b/first").st_ino == st.st_ino && look("to/a/third").st_ino == st.st_ino);
        assert_content("to/a/third", "one file");
}

TEST(keeps_what_is_not_a_file) {
        struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "from/socket"};
        /* user::rw- user:12:r-- group::r-- mask::r-- other::---, as in linux/posix_acl_xattr.h. */
        static const unsigned char acl[] = {2, 0,  0,   0,   1,   0,   6,  0, 255, 255, 255, 255, 2,   0,  4,
                                            0, 12, 0,   0,   0,   4,   0,  4, 0,   255, 255, 255, 255, 16, 0,
                                            4, 0,  255, 255, 255, 255, 32, 0, 0,   0,   255, 255, 255, 255};
        char value[64];
        SCRATCH(s);
        int fd;

        if (geteuid() != 0)
                SKIP("needs root");
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        ASSERT_TRUE(fd >= 0 && bind(fd, (struct sockaddr *) &address, sizeof(address)) >= 0);
        (void) close(fd);
        ASSERT_TRUE(symlink("nowhere", "from/link") >= 0 && link("from/link", "from/same") >= 0);
        ASSERT_EQ(lsetxattr("from/link", "trusted.note", "of the link", 11, 0), 0);
        ASSERT_TRUE(mkfifo("from/fifo", 0600) >= 0 && link("from/fifo", "from/pipe") >= 0);
        put("from/file", "text");
        ASSERT_EQ(setxattr("from/file", "system.posix_acl_access", acl, sizeof(acl), 0), 0);
        ASSERT_EQ(setxattr("from", "trusted.overlay.opaque", "y", 1, 0), 0);
        copy(&s);

        ASSERT_TRUE(S_ISSOCK(look("to/socket").st_mode));
        ASSERT_EQ(look("to/link").st_nlink, 2);
        ASSERT_TRUE(look("to/link").st_ino == look("to/same").st_ino);
        ASSERT_TRUE(look("to/fifo").st_ino == look("to/pipe").st_ino);
        ASSERT_EQ(lgetxattr("to/same", "trusted.note", value, sizeof(value)), 11);
        ASSERT_EQ(getxattr("to/file", "system.posix_acl_access", value, sizeof(value)),
                  (ssize_t) sizeof(acl));
        ASSERT_EQ(memcmp(value, acl, sizeof(acl)), 0);
        ASSERT_EQ(getxattr("to", "trusted.overlay.opaque", value, sizeof(value)), 1);
}

static void on_copied(const TreeCopied *so_far, void *userdata) {
        TreeCopied *last = userdata;

        ASSERT_TRUE(so_far->files == last->files + 1 && so_far->bytes >= last->bytes);
        *last = *so_far;
}

TEST(counts_what_it_copies) {
        TreeCopied last = {}, all = {.bytes = 1, .files = 1};
        const TreeCopyOptions options = {.watch = on_copied, .userdata = &last, .copied = &all};
        SCRATCH(s);

        ASSERT_EQ(mkdir("from/a", 0755), 0);
        put("from/a/first", "one file");
        ASSERT_EQ(link("from/a/first", "from/second"), 0);
        ASSERT_OK(tree_copy(s.from_fd, s.to_fd, &options, "from", NULL), NULL);
        /* The directory, and the file once. */
        ASSERT_EQ(last.files, 2);
        ASSERT_TRUE(all.files == 3 && all.bytes == last.bytes + 1);
        ASSERT_TRUE(last.bytes >= (uint64_t) look("from/second").st_blocks * 512);
}

static void make_deep(int fd, unsigned levels) {
        int dir_fd = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        while (levels-- > 0) {
                int next;

                ASSERT_EQ(mkdirat(dir_fd, "d", 0755), 0);
                next = openat(dir_fd, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                ASSERT_TRUE(next >= 0);
                (void) close(dir_fd);
                dir_fd = next;
        }
        (void) close(dir_fd);
}

static unsigned depth_of(int fd) {
        int dir_fd = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), next;
        unsigned n = 0;

        for (; (next = openat(dir_fd, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) >= 0; n++) {
                (void) close(dir_fd);
                dir_fd = next;
        }
        (void) close(dir_fd);
        return n;
}

TEST(needs_no_more_descriptors_for_a_deeper_tree) {
        struct rlimit old, few = {24, 24};
        SCRATCH(s);

        make_deep(s.from_fd, 2000);
        ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &old), 0);
        few.rlim_max = old.rlim_max;
        ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
        copy(&s);
        ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &old), 0);
        ASSERT_EQ(depth_of(s.to_fd), 2000);
}

TEST(names_the_file_that_cannot_be_copied) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        SCRATCH(s);

        ASSERT_TRUE(mkdir("from/a", 0755) >= 0 && mkdir("to/a", 0755) >= 0);
        ASSERT_ERROR(tree_copy(s.from_fd, s.to_fd, NULL, "from", &error), &error, FC_EXIT_INTERNAL,
                     "copy 'from': 'a'");
        ASSERT_EQ(rmdir("to/a"), 0);
        put("from/a/file", "");
        error_done(&error);
        ASSERT_EQ(mkdir("to/a", 0755), 0);
        ASSERT_ERROR(tree_copy(s.from_fd, s.to_fd, NULL, "from", &error), &error, FC_EXIT_INTERNAL,
                     "copy 'from': 'a'");
}

TEST(ends_at_a_signal) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        sigset_t mask, old;
        SCRATCH(s);
        int number;

        put("from/file", "text");
        ASSERT_TRUE(sigemptyset(&mask) >= 0 && sigaddset(&mask, SIGTERM) >= 0);
        ASSERT_EQ(sigprocmask(SIG_BLOCK, &mask, &old), 0);
        ASSERT_EQ(raise(SIGTERM), 0);
        ASSERT_ERROR(tree_copy(s.from_fd, s.to_fd, NULL, "from", &error), &error, FC_EXIT_INTERRUPTED,
                     "interrupted");
        ASSERT_EQ(sigwait(&mask, &number), 0);
        ASSERT_EQ(sigprocmask(SIG_SETMASK, &old, NULL), 0);
        ASSERT_TRUE(access("to/file", F_OK) < 0);
}

/* Each directory of the copy becomes a symbolic link to somewhere else and back, as fast as it goes. */
static void race(void) {
        for (;;)
                for (unsigned i = 0; i < 8; i++) {
                        char path[32];

                        (void) snprintf(path, sizeof(path), "to/d%u", i);
                        (void) syscall(SYS_renameat2, AT_FDCWD, path, AT_FDCWD, "link",
                                       2 /* RENAME_EXCHANGE */);
                        (void) syscall(SYS_renameat2, AT_FDCWD, path, AT_FDCWD, "link", 2);
                }
}

TEST(writes_nothing_elsewhere_whatever_happens_to_the_copy) {
        SCRATCH(s);
        pid_t racer;

        for (unsigned i = 0; i < 8; i++) {
                char path[32];

                (void) snprintf(path, sizeof(path), "from/d%u", i);
                ASSERT_EQ(mkdir(path, 0755), 0);
                for (unsigned j = 0; j < 20; j++) {
                        (void) snprintf(path, sizeof(path), "from/d%u/f%u", i, j);
                        put(path, "text");
                }
        }
        ASSERT_EQ(symlink("outside", "link"), 0);
        for (unsigned i = 0; i < 10; i++) {
                _cleanup_close_ int fd = open_directory(".");

                racer = fork();
                if (racer == 0)
                        race();
                ASSERT_TRUE(racer > 0);
                (void) tree_copy(s.from_fd, s.to_fd, NULL, "from", NULL);
                ASSERT_TRUE(kill(racer, SIGKILL) >= 0 && waitpid(racer, NULL, 0) == racer);
                ASSERT_OK(fs_remove_tree(fd, "to", NULL));
                ASSERT_OK(fs_remove_tree(fd, "link", NULL));
                ASSERT_TRUE(mkdir("to", 0700) >= 0 && symlink("outside", "link") >= 0);
                (void) close(s.to_fd);
                s.to_fd = open_directory("to");
        }
        /* Empty still. */
        ASSERT_EQ(rmdir("outside"), 0);
}
