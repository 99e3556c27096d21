/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/in-root.h"
#include "base/process.h"
#include "enter/program.h"
#include "test.h"

static int root_fd = -EBADF;

static void put(const char *path, const char *text, mode_t mode) {
        int fd = openat(root_fd, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

        ASSERT_TRUE(fd >= 0);
        ASSERT_EQ(write(fd, text, strlen(text)), (ssize_t) strlen(text));
        ASSERT_OK(fchmod(fd, mode));
        (void) close(fd);
}

/* A root directory with a little of everything; links that lead out of it must end inside. */
static void make_root(char *template) {
        ASSERT_TRUE(mkdtemp(template) != NULL);
        root_fd = open(template, O_PATH | O_DIRECTORY | O_CLOEXEC);
        ASSERT_TRUE(root_fd >= 0);
        ASSERT_OK(mkdirat(root_fd, "bin", 0755));
        ASSERT_OK(mkdirat(root_fd, "opt", 0755));
        ASSERT_OK(mkdirat(root_fd, "bin/directory", 0755));
        put("bin/elf", "\177ELF and more", 0755);
        put("bin/private", "\177ELF and more", 0700);
        put("bin/data", "\177ELF and more", 0644);
        put("bin/script", "#!/bin/elf -x\nfoo\n", 0755);
        put("bin/env-script", "#! \t/bin/elf\r\nfoo\n", 0755);
        put("bin/lost-script", "#!/bin/no-such -x\n", 0755);
        put("bin/odd-script", "#!relative\n", 0755);
        put("bin/text", "echo hello\n", 0755);
        put("bin/empty", "", 0755);
        put("opt/data", "\177ELF and more", 0755);
        ASSERT_OK(symlinkat("/bin/elf", root_fd, "bin/absolute"));
        ASSERT_OK(symlinkat("../../../../bin/elf", root_fd, "bin/climbing"));
        ASSERT_OK(symlinkat("/proc/self/exe", root_fd, "bin/outside"));
        ASSERT_OK(symlinkat("loop", root_fd, "bin/loop"));
        ASSERT_OK(mkfifoat(root_fd, "bin/fifo", 0755));
        ASSERT_OK(symlinkat("fifo", root_fd, "passwd"));
}

static void remove_root(const char *template) {
        int tmp = open("/tmp", O_PATH | O_DIRECTORY | O_CLOEXEC);

        ASSERT_OK(fs_remove_tree(tmp, template + strlen("/tmp/"), NULL));
        (void) close(tmp);
        root_fd = safe_close(root_fd);
}

TEST(finds_and_refuses) {
        static const struct {
                const char *name, *path, *directory;
                ProgramState state;
                bool certain;
                const char *found;
        } table[] = {
                {"elf", "/bin", "/", PROGRAM_FOUND, true, "/bin/elf"},
                {"elf", "/nowhere:/opt:/bin", "/", PROGRAM_FOUND, true, "/bin/elf"},
                {"/bin/elf", "", "/", PROGRAM_FOUND, true, "/bin/elf"},
                {"bin/elf", "", "/", PROGRAM_FOUND, true, "//bin/elf"},
                {"./elf", "", "/bin", PROGRAM_FOUND, true, "/bin/./elf"},
                {"../../../bin/elf", "", "/bin", PROGRAM_FOUND, true, "/bin/../../../bin/elf"},
                {"absolute", "/bin", "/", PROGRAM_FOUND, true, "/bin/absolute"},
                {"climbing", "/bin", "/", PROGRAM_FOUND, true, "/bin/climbing"},
                {"script", "/bin", "/", PROGRAM_FOUND, true, "/bin/script"},
                {"env-script", "/bin", "/", PROGRAM_FOUND, true, "/bin/env-script"},
                {"private", "/bin", "/", PROGRAM_FOUND, false, "/bin/private"},
                {"odd-script", "/bin", "/", PROGRAM_FOUND, false, "/bin/odd-script"},
                {"text", "/bin", "/", PROGRAM_FOUND, false, "/bin/text"},
                {"empty", "/bin", "/", PROGRAM_FOUND, false, "/bin/empty"},
                {"loop", "/bin", "/", PROGRAM_FOUND, false, "/bin/loop"},
                /* A later one that works wins over an earlier one that does not. */
                {"data", "/bin:/opt", "/", PROGRAM_FOUND, true, "/opt/data"},
                {"data", "/bin", "/", PROGRAM_NOT_EXECUTABLE, false, "/bin/data"},
                {"directory", "/bin", "/", PROGRAM_NOT_EXECUTABLE, false, "/bin/directory"},
                {"/bin", "", "/", PROGRAM_NOT_EXECUTABLE, false, "/bin"},
                {"fifo", "/bin", "/", PROGRAM_NOT_EXECUTABLE, false, "/bin/fifo"},
                {"lost-script", "/bin", "/", PROGRAM_NO_INTERPRETER, false, "/bin/lost-script"},
                {"no-such", "/bin", "/", PROGRAM_NOT_FOUND, false, NULL},
                {"outside", "/bin", "/", PROGRAM_NOT_FOUND, false, NULL},
                {"elf", "", "/", PROGRAM_NOT_FOUND, false, NULL},
                {"elf", "bin:.:", "/", PROGRAM_NOT_FOUND, false, NULL},
                {"elf", NULL, "/", PROGRAM_NOT_FOUND, false, NULL},
                {"", "/bin", "/", PROGRAM_NOT_FOUND, false, NULL},
                {"/bin/elf/x", "", "/", PROGRAM_NOT_FOUND, false, NULL},
                {"/etc/passwd", "", "/", PROGRAM_NOT_FOUND, false, NULL},
        };
        char template[] = "/tmp/test-program-XXXXXX";

        make_root(template);
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(program_done) Program p = {0};

                test_set_row("%zu: %s", i, table[i].name);
                program_find(root_fd, table[i].name, table[i].path, table[i].directory, &p);
                ASSERT_EQ(p.state, table[i].state);
                ASSERT_STREQ(p.path, table[i].found);
                ASSERT_EQ(p.certain, table[i].certain);
                ASSERT_STREQ(p.interpreter, p.state == PROGRAM_NO_INTERPRETER ? "/bin/no-such" : NULL);
        }
        remove_root(template);
}

TEST(reads_only_regular_files_of_a_sane_size) {
        char template[] = "/tmp/test-program-XXXXXX";
        _cleanup_free_ char *text = NULL;

        make_root(template);
        text = root_read(root_fd, "/bin/text", 100);
        ASSERT_STREQ(text, "echo hello\n");
        ASSERT_TRUE(root_read(root_fd, "/bin/text", 5) == NULL);
        ASSERT_TRUE(root_read(root_fd, "/passwd", 100) == NULL); /* a FIFO: must not wait */
        ASSERT_TRUE(root_read(root_fd, "/bin", 100) == NULL);
        ASSERT_TRUE(root_read(root_fd, "/etc/passwd", 1024 * 1024) == NULL);
        remove_root(template);
}

/* A guest's root can hold a lease on its own files, and need not give it up before the kernel takes it,
 * which is after 45 s. */
TEST(a_lease_does_not_make_us_wait) {
        char template[] = "/tmp/test-program-XXXXXX", byte;
        Program program = {0};
        uint64_t began;
        int pipes[2];
        pid_t pid;

        make_root(template);
        ASSERT_OK(pipe2(pipes, O_CLOEXEC));
        pid = fork();
        ASSERT_TRUE(pid >= 0);
        if (pid == 0) {
                int text = openat(root_fd, "bin/text", O_RDWR | O_CLOEXEC),
                    elf = openat(root_fd, "bin/elf", O_RDWR | O_CLOEXEC);

                (void) signal(SIGIO, SIG_IGN);
                byte = fcntl(text, F_SETLEASE, F_WRLCK) >= 0 && fcntl(elf, F_SETLEASE, F_WRLCK) >= 0;
                (void) !write(pipes[1], &byte, 1);
                for (;;)
                        (void) pause();
        }
        ASSERT_EQ(read(pipes[0], &byte, 1), 1);
        began = now_usec();
        if (byte) {
                ASSERT_TRUE(root_read(root_fd, "/bin/text", 100) == NULL);
                program_find(root_fd, "/bin/elf", "", "/", &program);
                ASSERT_EQ(program.state, PROGRAM_FOUND);
        }
        ASSERT_TRUE(now_usec() - began < 5 * USEC_PER_SEC);
        program_done(&program);
        (void) kill(pid, SIGKILL);
        (void) waitpid(pid, NULL, 0);
        (void) close(pipes[0]);
        (void) close(pipes[1]);
        remove_root(template);
        if (!byte)
                SKIP("this file system has no leases");
}
