/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/process.h"
#include "base/strv.h"
#include "ops/image-program.h"
#include "rootfs/mounts.h"

#define LINES_MAX 20

/* A log that never ends a line is not kept. */
#define LINE_MAX_SIZE 4096

typedef struct Build {
        const ImageProgram *program;
        const char *name; /* for messages */
        char **lines;     /* the last of them */
        char line[LINE_MAX_SIZE];
        size_t size;
        int work_fd, input_fd; /* detached mounts */
        int output_fd, pidfd;
        pid_t pid;
} Build;

static void build_done(Build *b) {
        strv_free(b->lines);
        (void) safe_close(b->work_fd);
        (void) safe_close(b->input_fd);
        (void) safe_close(b->output_fd);
        (void) safe_close(b->pidfd);
}

static _Noreturn void exec_build(const Build *b) {
        process_unblock_signals();
        (void) execve(b->program->argv[0], b->program->argv, b->program->environment);
        (void) dprintf(STDERR_FILENO, "E: run '%s': %m\n", b->program->argv[0]);
        _exit(127);
}

/* PID 1 of its namespace: with it ends all that is in there. It reaps what programs leave. */
static _Noreturn void be_init(const Build *b) {
        pid_t main = fork(), pid;
        int status = 0, end = 0;

        if (main == 0)
                exec_build(b);
        while ((pid = waitpid(-1, &status, 0)) > 0 || errno == EINTR)
                if (pid == main) {
                        end = status;
                        break;
                }
        _exit(main > 0 && WIFEXITED(end) ? WEXITSTATUS(end) : 126);
}

static int attach_directories(const Build *b) {
        if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
            move_mount(b->work_fd, "", AT_FDCWD, IMAGE_PROGRAM_PLACE, MOVE_MOUNT_F_EMPTY_PATH) < 0)
                return -errno;
        /* A copy of a mount shares what is mounted in it with that one, which is in the host's namespace. */
        if (mount(NULL, IMAGE_PROGRAM_PLACE, NULL, MS_REC | MS_PRIVATE, NULL) < 0)
                return -errno;
        if (b->input_fd >= 0 &&
            move_mount(b->input_fd, "", AT_FDCWD, IMAGE_PROGRAM_INPUT, MOVE_MOUNT_F_EMPTY_PATH) < 0)
                return -errno;
        return mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0 ? -errno
                                                                                          : chdir("/");
}

/* @out: for its output. Ours is the only reader, so one that loses us ends at its next line at the
 * latest. */
static _Noreturn void run_build(const Build *b, int out) {
        int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

        if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || setsid() < 0 || null < 0 ||
            dup2(null, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 || dup2(out, STDERR_FILENO) < 0)
                _exit(126);
        (void) umask(022);
        if (attach_directories(b) < 0) {
                (void) dprintf(STDERR_FILENO, "E: set up the namespaces: %m\n");
                _exit(126);
        }
        be_init(b);
}

/* What is given is made into mounts here: what is open is of the mounts of this namespace, and cannot be
 * bound in another. */
static int build_mount(Build *b, Error *reterr) {
        const ImageProgram *p = b->program;
        struct mount_attr closed = {.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
                                                MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOSYMFOLLOW};

        b->work_fd = mount_clone(p->work_fd, /* recursive= */ false, reterr);
        if (b->work_fd < 0 || p->input_fd < 0)
                return b->work_fd < 0 ? b->work_fd : 0;
        b->input_fd = mount_clone(p->input_fd, /* recursive= */ false, reterr);
        if (b->input_fd < 0)
                return b->input_fd;
        return mount_setattr(b->input_fd, "", AT_EMPTY_PATH, &closed, sizeof(closed)) < 0
                       ? error_set(reterr, errno, "protect what the image is made of")
                       : 0;
}

static int build_start(Build *b, Error *reterr) {
        struct clone_args args = {.flags = CLONE_NEWPID | CLONE_NEWNS | CLONE_PIDFD |
                                           (b->program->offline ? CLONE_NEWNET : 0),
                                  .pidfd = (uint64_t) (uintptr_t) &b->pidfd,
                                  .exit_signal = SIGCHLD};
        _cleanup_close_ int out = -EBADF;
        int fds[2], r;

        r = build_mount(b, reterr);
        if (r < 0)
                return r;
        if (pipe2(fds, O_CLOEXEC) < 0)
                return error_set(reterr, errno, "make a pipe");
        b->output_fd = fds[0];
        out = fds[1];
        if (fcntl(b->output_fd, F_SETFL, O_NONBLOCK) < 0)
                return error_set(reterr, errno, "set up a pipe");
        b->pid = (pid_t) syscall(SYS_clone3, &args, sizeof(args));
        if (b->pid == 0)
                run_build(b, out);
        return b->pid < 0 ? error_set(reterr, errno, "start %s", b->name) : 0;
}

/* "I: installing remaining packages inside the chroot..." */
static void build_take_line(Build *b) {
        const char *text;

        b->line[b->size] = '\0';
        b->size = 0;
        if (b->line[0] == '\0')
                return;
        if (strv_length(b->lines) == LINES_MAX) {
                free(b->lines[0]);
                memmove(b->lines, b->lines + 1, LINES_MAX * sizeof(*b->lines));
        }
        strv_push(&b->lines, b->line);
        text = startswith(b->line, b->program->step_prefix);
        if (text && b->program->step)
                b->program->step(text, b->program->userdata);
}

static void build_read(Build *b) {
        char block[4096];
        ssize_t n;

        while ((n = read(b->output_fd, block, sizeof(block))) > 0)
                for (ssize_t i = 0; i < n; i++)
                        if (block[i] == '\n' || block[i] == '\r' || b->size == LINE_MAX_SIZE - 1)
                                build_take_line(b);
                        else
                                b->line[b->size++] = block[i];
        if (n == 0)
                b->output_fd = safe_close(b->output_fd);
}

/* @signal_fd: only tells that a signal is pending, which an event loop still finds there. */
static int build_wait(Build *b, int signal_fd, Error *reterr) {
        for (;;) {
                struct pollfd fds[] = {{.fd = b->pidfd, .events = POLLIN},
                                       {.fd = signal_fd, .events = POLLIN},
                                       {.fd = b->output_fd, .events = POLLIN}};

                if (poll(fds, ELEMENTSOF(fds), -1) < 0 && errno != EINTR)
                        return error_set(reterr, errno, "wait for %s", b->name);
                if (b->output_fd >= 0)
                        build_read(b);
                if (fds[0].revents != 0)
                        return 0;
                if (fds[1].revents != 0)
                        return error_raise(reterr, FC_EXIT_INTERRUPTED, "interrupted while %s runs",
                                           b->name);
        }
}

static int build_check(const Build *b, int status, Error *reterr) {
        int r;

        if (WIFEXITED(status) && (WEXITSTATUS(status) == 0 || b->program->may_fail))
                return WEXITSTATUS(status);
        r = WIFEXITED(status) ? error_raise(reterr, FC_EXIT_FAILED, "%s has ended with exit status %d",
                                            b->name, WEXITSTATUS(status))
                              : error_raise(reterr, FC_EXIT_FAILED, "%s was killed", b->name);
        STRV_FOREACH (line, b->lines)
                error_add_evidence(reterr, "%s", *line);
        return r;
}

static int build_run(Build *b, Error *reterr) {
        _cleanup_(process_release_interrupts) HeldInterrupts held = HELD_INTERRUPTS_NULL;
        int status = 0, r;

        r = process_hold_interrupts(&held, reterr);
        if (r >= 0)
                r = build_start(b, reterr);
        if (r >= 0)
                r = build_wait(b, held.fd, reterr);
        if (b->pid > 0) {
                if (r < 0)
                        (void) kill(b->pid, SIGKILL);
                status = process_reap(b->pid);
        }
        return r < 0 ? r : build_check(b, status, reterr);
}

int image_program_run(const ImageProgram *program, Error *reterr) {
        const char *slash = strrchr(program->argv[0], '/');
        _cleanup_(build_done) Build b = {
                .program = program,
                .name = slash ? slash + 1 : program->argv[0],
                .work_fd = -EBADF,
                .input_fd = -EBADF,
                .output_fd = -EBADF,
                .pidfd = -EBADF,
        };

        return build_run(&b, reterr);
}

int image_program_find(const char *name, const char *what, const char *package, char **ret, Error *reterr) {
        char *path = process_find_program(name, NULL);

        if (path) {
                *ret = path;
                return 0;
        }
        (void) error_raise(reterr, FC_EXIT_HOST, "%s, which %s, is not installed", name, what);
        error_add_hint(reterr, "on Debian and Ubuntu: apt-get install %s", package);
        return -ENOENT;
}

char **image_program_environment(void) {
        char **environment = NULL;

        strv_pushf(&environment, "PATH=%s:/usr/sbin:/sbin", process_trusted_path());
        strv_push(&environment, "LC_ALL=C.UTF-8");
        return environment;
}
