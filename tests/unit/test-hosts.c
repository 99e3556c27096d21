/* SPDX-License-Identifier: MIT */

#include "test.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "net/hosts.h"

static int directory_new(char *path) {
        int fd;

        ASSERT_TRUE(mkdtemp(path));
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        ASSERT_OK(fd);
        return fd;
}

static void directory_remove(int fd, const char *path) {
        ASSERT_OK(fs_remove_tree(fd, "hosts", NULL));
        (void) close(fd);
        ASSERT_OK(rmdir(path));
}

static char *content(int dir_fd) {
        _cleanup_close_ int fd = openat(dir_fd, "hosts", O_RDONLY | O_CLOEXEC);
        char *text;

        ASSERT_OK(fd);
        ASSERT_OK(fs_read_fd(fd, "hosts", 65536, &text, NULL, NULL));
        return text;
}

TEST(print) {
        static const HostsEntry entries[] = {{"db db.shop-3f2a.containers", "10.3.7.9", "fd12::9"},
                                             {"httpserver", "10.3.7.200", NULL}};
        _cleanup_free_ char *text = hosts_print(entries, ELEMENTSOF(entries)), *empty = hosts_print(NULL, 0);

        ASSERT_STREQ(empty, "# The containers of this project; made by flake-containers.\n"
                            "127.0.0.1 localhost\n"
                            "::1 localhost ip6-localhost ip6-loopback\n"
                            "127.102.99.1 host.containers host.docker.internal\n");
        ASSERT_STREQ(text, "# The containers of this project; made by flake-containers.\n"
                           "127.0.0.1 localhost\n"
                           "::1 localhost ip6-localhost ip6-loopback\n"
                           "127.102.99.1 host.containers host.docker.internal\n"
                           "10.3.7.9 db db.shop-3f2a.containers\n"
                           "fd12::9 db db.shop-3f2a.containers\n"
                           "10.3.7.200 httpserver\n");
}

TEST(write_keeps_the_inode) {
        static const char *const texts[] = {
                "a\n", "10.1.1.1 longer\n10.1.1.2 again\n", "b\n", "b\n", "\n", "10.1.1.1 last\n"};
        char path[] = "/tmp/test-hosts-XXXXXX";
        int dir_fd = directory_new(path);
        struct stat first, now;

        ASSERT_OK(hosts_write(dir_fd, "hosts", "first\n", NULL));
        ASSERT_OK(fstatat(dir_fd, "hosts", &first, 0));
        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                _cleanup_free_ char *text = NULL;

                test_set_row("%zu", i);
                ASSERT_OK(hosts_write(dir_fd, "hosts", texts[i], &error), &error);
                text = content(dir_fd);
                ASSERT_STREQ(text, texts[i]);
                ASSERT_OK(fstatat(dir_fd, "hosts", &now, 0));
                ASSERT_EQ(now.st_ino, first.st_ino);
        }
        directory_remove(dir_fd, path);
}

TEST(write_is_readable_by_all) {
        char path[] = "/tmp/test-hosts-XXXXXX";
        int dir_fd = directory_new(path);
        mode_t old = umask(077);
        struct stat st;

        ASSERT_OK(hosts_write(dir_fd, "hosts", "a\n", NULL));
        (void) umask(old);
        ASSERT_OK(fstatat(dir_fd, "hosts", &st, 0));
        ASSERT_EQ(st.st_mode & 07777, 0644u);
        directory_remove(dir_fd, path);
}

TEST(refuses_links_and_directories) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        char path[] = "/tmp/test-hosts-XXXXXX";
        int dir_fd = directory_new(path);

        ASSERT_OK(symlinkat("/etc/hosts", dir_fd, "hosts"));
        ASSERT_ERROR(hosts_write(dir_fd, "hosts", "a\n", &error), &error, FC_EXIT_CONFLICT, "symbolic link");
        ASSERT_OK(unlinkat(dir_fd, "hosts", 0));

        ASSERT_OK(mkdirat(dir_fd, "hosts", 0755));
        ASSERT_ERROR(hosts_write(dir_fd, "hosts", "a\n", &error), &error, FC_EXIT_INTERNAL, "'hosts'");
        directory_remove(dir_fd, path);
}

TEST(refuses_a_short_write) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        char path[] = "/tmp/test-hosts-XXXXXX";
        int dir_fd = directory_new(path);
        struct rlimit old, small = {.rlim_cur = 4};

        (void) signal(SIGXFSZ, SIG_IGN);
        ASSERT_OK(getrlimit(RLIMIT_FSIZE, &old));
        small.rlim_max = old.rlim_max;
        ASSERT_OK(setrlimit(RLIMIT_FSIZE, &small));
        ASSERT_ERROR(hosts_write(dir_fd, "hosts", "10.1.1.1 db\n", &error), &error, FC_EXIT_HOST,
                     "write 'hosts': No space");
        ASSERT_OK(setrlimit(RLIMIT_FSIZE, &old));
        directory_remove(dir_fd, path);
}
