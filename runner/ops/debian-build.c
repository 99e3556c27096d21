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
#include "base/fs.h"
#include "base/process.h"
#include "base/strv.h"
#include "ops/debian-build.h"
#include "plan/debian-image.h"
#include "rootfs/mounts.h"

#define LINES_MAX 20

/* A log that never ends a line is not kept. */
#define LINE_MAX_SIZE 4096

/* apt cannot cope with every character that a path may have, and its unprivileged user could not pass a
 * directory that is root's alone. So the work directory is seen at a place of its own, the cache's, which is
 * there for sure. */
#define TARGET DEBIAN_CACHE "/root"

typedef struct Build {
        char **argv, **environment;
        char **lines; /* the last of them */
        char line[LINE_MAX_SIZE];
        size_t size;
        int output_fd, pidfd;
        pid_t pid;
        DebianStep step;
        void *userdata;
} Build;

static void build_done(Build *b) {
        strv_free(b->argv);
        strv_free(b->environment);
        strv_free(b->lines);
        (void) safe_close(b->output_fd);
        (void) safe_close(b->pidfd);
}

int debian_build_require(char **ret_program, Error *reterr) {
        char *program = process_find_program("mmdebstrap", NULL);

        if (program) {
                *ret_program = program;
                return 0;
        }
        (void) error_raise(
                reterr, FC_EXIT_HOST,
                "mmdebstrap, which makes root file systems of Debian's packages, is not installed");
        error_add_hint(reterr, "on Debian and Ubuntu: apt-get install mmdebstrap");
        return -ENOENT;
}

/* What a program of apt's says; NULL where there is none: mmdebstrap then has its own ideas. */
static char *ask_apt(const char *program, const char *const *arguments) {
        _cleanup_free_ char *path = process_find_program(program, NULL), *output = NULL;
        _cleanup_strv_ char **argv = NULL;

        if (!path)
                return NULL;
        strv_push(&argv, path);
        for (; *arguments; arguments++)
                strv_push(&argv, *arguments);
        return process_run(argv, &output, NULL) == 0 ? TAKE_PTR(output) : NULL;
}

/* Of the developer's only what leads to the mirror. */
static char **make_environment(void) {
        static const char *const proxies[] = {"http_proxy", "https_proxy", "no_proxy"};
        char **environment = NULL;

        strv_pushf(&environment, "PATH=%s:/usr/sbin:/sbin", process_trusted_path());
        strv_push(&environment, "LC_ALL=C.UTF-8");
        strv_push(&environment, "HOME=/root");
        strv_push(&environment, "DEBIAN_FRONTEND=noninteractive");
        for (size_t i = 0; i < ELEMENTSOF(proxies); i++)
                if (getenv(proxies[i]))
                        strv_pushf(&environment, "%s=%s", proxies[i], getenv(proxies[i]));
        return environment;
}

static int make_command(Build *b, const DebianSpec *debian, Error *reterr) {
        static const char *const targets[] = {"indextargets", "--format",
                                              "$(REPO_URI) $(RELEASE) $(COMPONENT) $(SIGNED_BY)",
                                              "Created-By: Packages", NULL},
                                 *const dump[] = {"dump", NULL};
        _cleanup_free_ char *program = NULL, *known = NULL, *settings = NULL;
        _cleanup_strv_ char **sources = NULL, **options = NULL;
        int r;

        r = debian_build_require(&program, reterr);
        if (r < 0)
                return r;
        known = debian->mirror ? NULL : ask_apt("apt-get", targets);
        settings = ask_apt("apt-config", dump);
        sources = debian_image_sources(debian, known);
        options = debian_image_apt_options(settings);
        b->argv = debian_image_argv(debian, program, TARGET, options, sources);
        b->environment = make_environment();
        return 0;
}

static _Noreturn void exec_build(const Build *b) {
        process_unblock_signals();
        (void) execve(b->argv[0], b->argv, b->environment);
        (void) dprintf(STDERR_FILENO, "E: run '%s': %m\n", b->argv[0]);
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

/* @out: for its output. Ours is the only reader, so one that loses us ends at its next line at the
 * latest. */
static _Noreturn void run_build(const Build *b, int mount_fd, int out) {
        int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

        if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || setsid() < 0 || null < 0 ||
            dup2(null, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 || dup2(out, STDERR_FILENO) < 0)
                _exit(126);
        (void) umask(022);
        if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
            move_mount(mount_fd, "", AT_FDCWD, DEBIAN_CACHE, MOVE_MOUNT_F_EMPTY_PATH) < 0 ||
            mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0 || chdir("/") < 0) {
                (void) dprintf(STDERR_FILENO, "E: set up the namespaces: %m\n");
                _exit(126);
        }
        be_init(b);
}

static int build_start(Build *b, int work_fd, Error *reterr) {
        struct clone_args args = {.flags = CLONE_NEWPID | CLONE_NEWNS | CLONE_PIDFD,
                                  .pidfd = (uint64_t) (uintptr_t) &b->pidfd,
                                  .exit_signal = SIGCHLD};
        /* Made here: what is open is of the mounts of this namespace, and cannot be bound in another. */
        _cleanup_close_ int mount_fd = mount_clone(work_fd, /* recursive= */ false, reterr), out = -EBADF;
        int fds[2];

        if (mount_fd < 0)
                return mount_fd;
        if (pipe2(fds, O_CLOEXEC) < 0)
                return error_set(reterr, errno, "make a pipe");
        b->output_fd = fds[0];
        out = fds[1];
        if (fcntl(b->output_fd, F_SETFL, O_NONBLOCK) < 0)
                return error_set(reterr, errno, "set up a pipe");
        b->pid = (pid_t) syscall(SYS_clone3, &args, sizeof(args));
        if (b->pid == 0)
                run_build(b, mount_fd, out);
        return b->pid < 0 ? error_set(reterr, errno, "start mmdebstrap") : 0;
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
        text = startswith(b->line, "I: ");
        if (text)
                b->step(text, b->userdata);
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
                        return error_set(reterr, errno, "wait for mmdebstrap");
                if (b->output_fd >= 0)
                        build_read(b);
                if (fds[0].revents != 0)
                        return 0;
                if (fds[1].revents != 0)
                        return error_raise(reterr, FC_EXIT_INTERRUPTED, "interrupted while mmdebstrap runs");
        }
}

static int build_check(const Build *b, int status, Error *reterr) {
        int r;

        if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
                return 0;
        r = WIFEXITED(status) ? error_raise(reterr, FC_EXIT_FAILED,
                                            "mmdebstrap has ended with exit status %d", WEXITSTATUS(status))
                              : error_raise(reterr, FC_EXIT_FAILED, "mmdebstrap was killed");
        STRV_FOREACH (line, b->lines)
                error_add_evidence(reterr, "%s", *line);
        return r;
}

static int build_run(Build *b, int work_fd, Error *reterr) {
        _cleanup_(process_release_interrupts) HeldInterrupts held = HELD_INTERRUPTS_NULL;
        int status = 0, r;

        r = process_hold_interrupts(&held, reterr);
        if (r >= 0)
                r = build_start(b, work_fd, reterr);
        if (r >= 0)
                r = build_wait(b, held.fd, reterr);
        if (b->pid > 0) {
                if (r < 0)
                        (void) kill(b->pid, SIGKILL);
                status = process_reap(b->pid);
        }
        return r < 0 ? r : build_check(b, status, reterr);
}

int debian_build(const DebianSpec *debian, int work_fd, DebianStep step, void *userdata, Error *reterr) {
        _cleanup_(build_done)
                Build b = {.output_fd = -EBADF, .pidfd = -EBADF, .step = step, .userdata = userdata};
        int r = make_command(&b, debian, reterr);

        return r < 0 ? r : build_run(&b, work_fd, reterr);
}
