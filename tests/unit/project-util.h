/* SPDX-License-Identifier: MIT */
#pragma once

/* For the tests of project/: a directory to work in, shell commands, and being another user for a while. */

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/process.h"
#include "test.h"

#define TEST_UID 12345 /* need not exist */

/* A directory that all may enter; removed at the end of the test that asked for it. */
typedef struct TestDir {
        char *path; /* real */
        int fd;
} TestDir;

static void test_dir_done(TestDir *dir) {
        const char *name = strrchr(dir->path, '/') + 1;
        _cleanup_free_ char *parent = xstrndup(dir->path, (size_t) (name - dir->path));
        _cleanup_close_ int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        (void) safe_close(dir->fd);
        (void) fs_remove_tree(fd, name, NULL);
        free(dir->path);
}

/* libgit2 reads all certificates of the machine when it is initialised, in a child each time: most of what
 * the sanitizers took. Nothing here speaks TLS, so root hides them. */
static void test_hide_certificates(void) {
        static bool done;

        if (done)
                return;
        done = true;
        if (unshare(CLONE_NEWNS) < 0)
                return;
        ASSERT_EQ(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
        (void) mount("/dev/null", "/etc/ssl/certs/ca-certificates.crt", NULL, MS_BIND, NULL);
}

static TestDir test_dir_make(void) {
        const char *tmp = getenv("TMPDIR");
        _cleanup_free_ char *path = xasprintf("%s/fc-test-XXXXXX", tmp ? tmp : "/tmp");
        TestDir dir = {};

        test_hide_certificates();
        if (!mkdtemp(path) || chmod(path, 0755) < 0)
                test_fail(__FILE__, __LINE__, "make a directory for the test");
        dir.path = realpath(path, NULL);
        dir.fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return dir;
}

#define TEST_DIR(name) _cleanup_(test_dir_done) TestDir name = test_dir_make()

/* Runs a shell command in the directory; git sees no configuration but ours. */
_unused_ _printf_(2, 3) static int test_shell(const TestDir *dir, const char *format, ...) {
        _cleanup_free_ char *command = NULL, *line = NULL;
        char *argv[] = {(char *) "/bin/sh", (char *) "-c", NULL, NULL};
        va_list ap;

        va_start(ap, format);
        command = xvasprintf(format, ap);
        va_end(ap);
        line = xasprintf(
                "cd '%s' && export HOME=. GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null "
                "GIT_AUTHOR_NAME=t GIT_AUTHOR_EMAIL=t@t GIT_COMMITTER_NAME=t GIT_COMMITTER_EMAIL=t@t && "
                "{ %s; } >/dev/null",
                dir->path, command);
        argv[2] = line;
        return process_run(argv, NULL, NULL);
}

/* Return: false where this is not permitted. The process keeps the mount namespace. */
_unused_ static bool test_may_mount(TestDir *dir) {
        if (unshare(CLONE_NEWNS) < 0)
                return false;
        ASSERT_EQ(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
        /* The old descriptor leads through the mounts of the old namespace, where the new ones are not. */
        (void) safe_close(dir->fd);
        dir->fd = open(dir->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        ASSERT_TRUE(dir->fd >= 0);
        return true;
}

_unused_ static bool test_have(const char *program) {
        _cleanup_free_ char *path = process_find_program(program, getenv("PATH"));

        return path != NULL;
}

_unused_ static void test_clear_environment(void) {
        (void) unsetenv("SUDO_UID");
        (void) unsetenv("SUDO_GID");
        (void) unsetenv("PKEXEC_UID");
        (void) unsetenv("DOAS_USER");
}

/* Runs `body` in a child that is that user in every respect. A failed assertion there ends the test. */
_unused_ static void test_as_user(uid_t uid, void (*body)(const TestDir *), const TestDir *dir) {
        int status;
        pid_t pid = fork();

        if (pid == 0) {
                if (setgroups(0, NULL) < 0 || setresgid(uid, uid, uid) < 0 || setresuid(uid, uid, uid) < 0)
                        test_fail(__FILE__, __LINE__, "become uid %u", (unsigned) uid);
                body(dir);
                /* Not exit(): a process that changed its uid cannot be looked into by the leak checker. */
                _exit(0);
        }
        if (waitpid(pid, &status, 0) != pid || status != 0)
                test_fail(__FILE__, __LINE__, "as uid %u: wait status 0x%x", (unsigned) uid,
                          (unsigned) status);
}

#define SKIP_UNLESS_ROOT()                                                                                  \
        if (geteuid() != 0)                                                                                 \
        SKIP("needs root")
