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
#include "base/host-exec.h"
#include "base/host-socket.h"
#include "base/package.h"
#include "base/process.h"
#include "base/strv.h"
#include "image/image-program.h"
#include "rootfs/mounts.h"

#define LINES_MAX 20

/* How long what the broker has started may take to end. */
#define END_USEC (10 * USEC_PER_SEC)

/* A log that never ends a line is not kept. */
#define LINE_MAX_SIZE 4096

typedef struct ProgramRun {
        const ImageProgram *program;
        const char *name; /* for messages */
        char **lines;     /* the last of them */
        char line[LINE_MAX_SIZE];
        size_t size;
        int work_fd, input_fd; /* detached mounts */
        int output_fd, pidfd;
        pid_t pid;
} ProgramRun;

static void image_program_done(ProgramRun *p) {
        strv_free(p->lines);
        (void) safe_close(p->work_fd);
        (void) safe_close(p->input_fd);
        (void) safe_close(p->output_fd);
        (void) safe_close(p->pidfd);
}

/* A user's network has no way to a mirror: the broker then starts what needs one, in the host's network, and
 * as the first of a PID namespace. */
static bool image_program_is_brokered(const ImageProgram *program) {
        return !program->offline && host_socket_is_brokered();
}

static _Noreturn void image_program_execute(const ProgramRun *p) {
        const ImageProgram *program = p->program;
        int r;

        process_unblock_signals();
        if (image_program_is_brokered(program))
                r = host_exec(program->argv, program->environment, HOST_EXEC_ROOT_HERE);
        else {
                (void) execve(program->argv[0], program->argv, program->environment);
                r = -errno;
        }
        (void) dprintf(STDERR_FILENO, "E: run '%s': %s\n", program->argv[0], strerror(-r));
        _exit(127);
}

/* PID 1 of its namespace: with it ends all that is in there. It reaps what programs leave. */
static _Noreturn void image_program_be_init(const ProgramRun *p) {
        pid_t main = fork(), pid;
        int status = 0, end = 0;

        if (main == 0)
                image_program_execute(p);
        while ((pid = waitpid(-1, &status, 0)) > 0 || errno == EINTR)
                if (pid == main) {
                        end = status;
                        break;
                }
        _exit(main > 0 && WIFEXITED(end) ? WEXITSTATUS(end) : 126);
}

/* Nothing of the host can be written to, by whatever way what is read may lead there: what is attached later
 * is not among it. */
static int image_program_confine(void) {
        struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};

        return mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &attr, sizeof(attr)) < 0 ? -errno : 0;
}

static int image_program_attach(const ProgramRun *p) {
        unsigned long proc = MS_NOSUID | MS_NODEV | MS_NOEXEC | (p->program->confined ? MS_RDONLY : 0);
        int r;

        if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
                return -errno;
        r = p->program->confined ? image_program_confine() : 0;
        if (r < 0)
                return r;
        if (move_mount(p->work_fd, "", AT_FDCWD, IMAGE_PROGRAM_PLACE, MOVE_MOUNT_F_EMPTY_PATH) < 0)
                return -errno;
        /* A copy of a mount shares what is mounted in it with that one, which is in the host's namespace. */
        if (mount(NULL, IMAGE_PROGRAM_PLACE, NULL, MS_REC | MS_PRIVATE, NULL) < 0)
                return -errno;
        if (p->input_fd >= 0 &&
            move_mount(p->input_fd, "", AT_FDCWD, IMAGE_PROGRAM_INPUT, MOVE_MOUNT_F_EMPTY_PATH) < 0)
                return -errno;
        if (chdir("/") < 0)
                return -errno;
        /* Who makes its PID namespace is not in that: it sees itself in the /proc that is there. */
        return image_program_is_brokered(p->program) || mount("proc", "/proc", "proc", proc, NULL) >= 0
                       ? 0
                       : -errno;
}

/* @out: for its output. Ours is the only reader, so one that loses us ends at its next line at the
 * latest. */
static _Noreturn void image_program_begin(const ProgramRun *p, int out) {
        int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

        if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || setsid() < 0 || null < 0 ||
            dup2(null, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 || dup2(out, STDERR_FILENO) < 0)
                _exit(126);
        (void) umask(022);
        if (image_program_attach(p) < 0) {
                (void) dprintf(STDERR_FILENO, "E: set up the namespaces: %m\n");
                _exit(126);
        }
        if (image_program_is_brokered(p->program))
                image_program_execute(p);
        image_program_be_init(p);
}

static int image_program_close(int mount_fd, uint64_t attributes, Error *reterr) {
        struct mount_attr attr = {.attr_set = attributes};

        return mount_setattr(mount_fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0
                       ? error_set(reterr, errno, "protect what the image is made of")
                       : 0;
}

/* What is given is made into mounts here: what is open is of the mounts of this namespace, and cannot be
 * bound in another. */
static int image_program_mount(ProgramRun *p, Error *reterr) {
        const uint64_t closed = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
        const ImageProgram *program = p->program;
        int r;

        r = p->work_fd = mount_clone(program->work_fd, /* recursive= */ false, reterr);
        if (r >= 0 && program->confined)
                r = image_program_close(p->work_fd, closed | (program->follows ? 0 : MOUNT_ATTR_NOSYMFOLLOW),
                                        reterr);
        if (r < 0 || program->input_fd < 0)
                return r < 0 ? r : 0;
        p->input_fd = mount_clone(program->input_fd, /* recursive= */ false, reterr);
        return p->input_fd < 0
                       ? p->input_fd
                       : image_program_close(p->input_fd,
                                             closed | MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSYMFOLLOW, reterr);
}

static int image_program_start(ProgramRun *p, Error *reterr) {
        struct clone_args args = {.flags = CLONE_NEWNS | CLONE_PIDFD |
                                           (image_program_is_brokered(p->program) ? 0 : CLONE_NEWPID) |
                                           (p->program->offline ? CLONE_NEWNET : 0),
                                  .pidfd = (uint64_t) (uintptr_t) &p->pidfd,
                                  .exit_signal = SIGCHLD};
        _cleanup_close_ int out = -EBADF;
        int fds[2], r;

        r = image_program_mount(p, reterr);
        if (r < 0)
                return r;
        if (pipe2(fds, O_CLOEXEC) < 0)
                return error_set(reterr, errno, "make a pipe");
        p->output_fd = fds[0];
        out = fds[1];
        if (fcntl(p->output_fd, F_SETFL, O_NONBLOCK) < 0)
                return error_set(reterr, errno, "set up a pipe");
        p->pid = (pid_t) syscall(SYS_clone3, &args, sizeof(args));
        if (p->pid == 0)
                image_program_begin(p, out);
        return p->pid < 0 ? error_set(reterr, errno, "start %s", p->name) : 0;
}

/* "I: installing remaining packages inside the chroot..." */
static void image_program_take_line(ProgramRun *p) {
        const char *text;

        p->line[p->size] = '\0';
        p->size = 0;
        if (p->line[0] == '\0')
                return;
        if (strv_length(p->lines) == LINES_MAX) {
                free(p->lines[0]);
                memmove(p->lines, p->lines + 1, LINES_MAX * sizeof(*p->lines));
        }
        strv_push(&p->lines, p->line);
        text = startswith(p->line, p->program->step_prefix);
        if (text && p->program->step)
                p->program->step(text, p->program->userdata);
}

static void image_program_read(ProgramRun *p) {
        char block[4096];
        ssize_t n;

        while ((n = read(p->output_fd, block, sizeof(block))) > 0)
                for (ssize_t i = 0; i < n; i++)
                        if (block[i] == '\n' || block[i] == '\r' || p->size == LINE_MAX_SIZE - 1)
                                image_program_take_line(p);
                        else
                                p->line[p->size++] = block[i];
        if (n == 0)
                p->output_fd = safe_close(p->output_fd);
}

/* @signal_fd: only tells that a signal is pending, which an event loop still finds there. */
static int image_program_wait(ProgramRun *p, int signal_fd, Error *reterr) {
        for (;;) {
                struct pollfd fds[] = {{.fd = p->pidfd, .events = POLLIN},
                                       {.fd = signal_fd, .events = POLLIN},
                                       {.fd = p->output_fd, .events = POLLIN}};

                if (poll(fds, ELEMENTSOF(fds), -1) < 0 && errno != EINTR)
                        return error_set(reterr, errno, "wait for %s", p->name);
                if (p->output_fd >= 0)
                        image_program_read(p);
                if (fds[0].revents != 0)
                        return 0;
                if (fds[1].revents != 0)
                        return error_raise(reterr, FC_EXIT_INTERRUPTED, "interrupted while %s runs",
                                           p->name);
        }
}

/* What the broker has started ends a moment after what stands for it, and until then writes to what is to be
 * removed. All of it has the output, which ends with the last. */
static void image_program_wait_for_rest(ProgramRun *p) {
        uint64_t deadline = now_usec() + END_USEC, now;

        while (p->output_fd >= 0 && (now = now_usec()) < deadline) {
                struct pollfd fd = {.fd = p->output_fd, .events = POLLIN};

                if (poll(&fd, 1, (int) ((deadline - now) / 1000 + 1)) > 0)
                        image_program_read(p);
        }
}

static int image_program_check(const ProgramRun *p, int status, Error *reterr) {
        int r;

        if (WIFEXITED(status) && (WEXITSTATUS(status) == 0 || p->program->may_fail))
                return WEXITSTATUS(status);
        r = WIFEXITED(status) ? error_raise(reterr, FC_EXIT_FAILED, "%s has ended with exit status %d",
                                            p->name, WEXITSTATUS(status))
                              : error_raise(reterr, FC_EXIT_FAILED, "%s was killed", p->name);
        STRV_FOREACH (line, p->lines)
                error_add_evidence(reterr, "%s", *line);
        return r;
}

static int image_program_run_once(ProgramRun *p, Error *reterr) {
        _cleanup_(process_release_interrupts) HeldInterrupts held = HELD_INTERRUPTS_NULL;
        int status = 0, r;

        r = process_hold_interrupts(&held, reterr);
        if (r >= 0)
                r = image_program_start(p, reterr);
        if (r >= 0)
                r = image_program_wait(p, held.fd, reterr);
        if (p->pid > 0) {
                if (r < 0)
                        (void) kill(p->pid, SIGKILL);
                status = process_reap(p->pid);
                if (image_program_is_brokered(p->program))
                        image_program_wait_for_rest(p);
        }
        return r < 0 ? r : image_program_check(p, status, reterr);
}

int image_program_run(const ImageProgram *program, Error *reterr) {
        const char *slash = strrchr(program->argv[0], '/');
        _cleanup_(image_program_done) ProgramRun p = {
                .program = program,
                .name = slash ? slash + 1 : program->argv[0],
                .work_fd = -EBADF,
                .input_fd = -EBADF,
                .output_fd = -EBADF,
                .pidfd = -EBADF,
        };

        return image_program_run_once(&p, reterr);
}

int image_program_find(const char *name, const char *what, const char *package, char **ret, Error *reterr) {
        char *path = process_find_program(name, NULL);

        if (path) {
                *ret = path;
                return 0;
        }
        (void) error_raise(reterr, FC_EXIT_HOST, "%s, which %s, is not installed", name, what);
        package_add_hint(reterr, package);
        return -ENOENT;
}

char **image_program_environment(void) {
        char **environment = NULL;

        strv_pushf(&environment, "PATH=%s:/usr/sbin:/sbin", process_trusted_path());
        strv_push(&environment, "LC_ALL=C.UTF-8");
        return environment;
}
