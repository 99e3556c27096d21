/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/process.h"

/* Fields of /proc/PID/stat, and flags of the kernel's that it shows. */
#define STAT_FLAGS  9
#define STAT_BEGIN  22 /* in ticks of CLOCK_BOOTTIME */
#define PF_EXITING  0x4UL
#define PF_SIGNALED 0x400UL

#define PROC_TEXT_MAX 16384U

#define SYSTEM_PATH                                                                                         \
        "/run/current-system/sw/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:"          \
        "/nix/var/nix/profiles/default/bin"

static char *find_in(const char *program, const char *path, mode_t wanted) {
        _cleanup_free_ char *copy = xstrdup(path);
        char *save = NULL;

        for (char *dir = strtok_r(copy, ":", &save); dir; dir = strtok_r(NULL, ":", &save)) {
                _cleanup_free_ char *candidate = NULL;
                struct stat st;

                /* A relative entry would make root run what lies in the current directory. */
                if (dir[0] != '/')
                        continue;
                candidate = xasprintf("%s/%s", dir, program);
                if (stat(candidate, &st) >= 0 && S_ISREG(st.st_mode) && (st.st_mode & wanted) == wanted &&
                    access(candidate, X_OK) == 0)
                        return TAKE_PTR(candidate);
        }
        return NULL;
}

const char *process_trusted_path(void) {
        return FC_PROGRAMS[0] ? SYSTEM_PATH ":" FC_PROGRAMS : SYSTEM_PATH;
}

char *process_find_program(const char *program, const char *path) {
        return find_in(program, path ? path : process_trusted_path(), 0);
}

char *process_find_setuid(const char *program, const char *path) {
        return find_in(program, path, S_ISUID);
}

/* In the folder of this program, where it was built, or beside that, where it is installed. @self: the last
 * place that was looked at. Return: owned by the caller; NULL: it is not there. */
static char *find_own(const char *folder, const char *name, int mode, char self[static PATH_MAX]) {
        ssize_t n = readlink("/proc/self/exe", self, PATH_MAX - 1);
        char *slash;

        self[n < 0 ? 0 : n] = '\0';
        for (size_t i = 0; i < 2 && (slash = strrchr(self, '/')); i++) {
                _cleanup_free_ char *path = NULL;

                *slash = '\0';
                path = xasprintf("%s/%s/flake-containers/%s", self, folder, name);
                if (access(path, mode) == 0)
                        return TAKE_PTR(path);
        }
        return NULL;
}

int process_find_helper(const char *program, char **ret, Error *reterr) {
        char self[PATH_MAX], *path = find_own("libexec", program, X_OK, self);

        if (!path)
                return error_raise(reterr, FC_EXIT_HOST, "helper program '%s' is missing below '%s'",
                                   program, self);
        *ret = path;
        return 0;
}

char *process_find_shared(const char *name) {
        char self[PATH_MAX];

        return find_own("share", name, R_OK, self);
}

int process_open(pid_t pid) {
        int fd = (int) syscall(SYS_pidfd_open, pid, 0);

        return fd < 0 ? -errno : fd;
}

static bool process_read_file(pid_t pid, const char *name, char text[static PROC_TEXT_MAX]) {
        _cleanup_free_ char *path = xasprintf("/proc/%d/%s", (int) pid, name);
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t n = fd < 0 ? -1 : read(fd, text, PROC_TEXT_MAX - 1);

        text[n < 0 ? 0 : n] = '\0';
        return n >= 0;
}

static bool process_has_signal(const char *status, const char *key, int signal) {
        const char *set = strstr(status, key);

        return set && (strtoull(set + strlen(key), NULL, 16) & (UINT64_C(1) << (signal - 1)));
}

/* Return: 0 also where there is none. */
static uint64_t process_stat_field(const char *stat, unsigned number) {
        /* Behind the name, which may hold anything, the fields from the third on. */
        const char *field = strrchr(stat, ')');
        uint64_t value = 0;

        for (unsigned i = 3; field && i <= number && (field = strchr(field + 1, ' ')); i++)
                value = strtoull(field, NULL, 10);
        return field ? value : 0;
}

/* proc(5). A process takes SIGKILL from those that are pending before its flags say that it ends; what was
 * sent to the whole process stays pending until it has been waited for, and only `status` tells that. */
bool process_is_ending(pid_t pid) {
        char text[PROC_TEXT_MAX];

        /* /proc hides processes from other users where it is mounted so, and descriptors run out. */
        if (!process_read_file(pid, "status", text))
                return kill(pid, 0) < 0 && errno == ESRCH;
        if (process_has_signal(text, "\nSigPnd:\t", SIGKILL) ||
            process_has_signal(text, "\nShdPnd:\t", SIGKILL))
                return true;
        if (!process_read_file(pid, "stat", text))
                return kill(pid, 0) < 0 && errno == ESRCH;
        return process_stat_field(text, STAT_FLAGS) & (PF_EXITING | PF_SIGNALED);
}

uint64_t process_age_usec(pid_t pid) {
        const uint64_t tick_usec = USEC_PER_SEC / (uint64_t) sysconf(_SC_CLK_TCK);
        struct timespec now = {};
        char text[PROC_TEXT_MAX];
        uint64_t began, age;

        if (!process_read_file(pid, "stat", text) || clock_gettime(CLOCK_BOOTTIME, &now) < 0)
                return UINT64_MAX;
        began = process_stat_field(text, STAT_BEGIN) * tick_usec;
        age = (uint64_t) now.tv_sec * USEC_PER_SEC + (uint64_t) now.tv_nsec / 1000;
        return age < began ? 0 : age - began;
}

int process_signal(int pidfd, int signal) {
        return syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0) < 0 ? -errno : 0;
}

int process_number(int proc_fd, int pidfd, pid_t *ret) {
        _cleanup_free_ char *path = xasprintf("self/fdinfo/%d", pidfd);
        _cleanup_close_ int fd = openat(proc_fd, path, O_RDONLY | O_CLOEXEC);
        char text[1024], *line;
        ssize_t n;

        n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
        if (n < 0)
                return -errno;
        text[n] = '\0';
        line = strstr(text, "Pid:");
        if (!line)
                return -EBADMSG;
        *ret = (pid_t) strtol(line + strlen("Pid:"), NULL, 10);
        return *ret > 0 ? 0 : -ESRCH;
}

uint64_t now_usec(void) {
        struct timespec ts;

        (void) clock_gettime(CLOCK_MONOTONIC, &ts);
        return (uint64_t) ts.tv_sec * USEC_PER_SEC + (uint64_t) ts.tv_nsec / 1000;
}

uint64_t realtime_usec(void) {
        struct timespec ts;

        (void) clock_gettime(CLOCK_REALTIME, &ts);
        return (uint64_t) ts.tv_sec * USEC_PER_SEC + (uint64_t) ts.tv_nsec / 1000;
}

int process_wait(int pidfd, uint64_t timeout_usec) {
        uint64_t start = now_usec();

        for (;;) {
                struct pollfd p = {.fd = pidfd, .events = POLLIN};
                uint64_t elapsed = now_usec() - start;
                int timeout = -1, n;

                if (timeout_usec != UINT64_MAX) {
                        uint64_t left = timeout_usec > elapsed ? timeout_usec - elapsed : 0;

                        timeout = (int) ((left + 999) / 1000);
                }
                n = poll(&p, 1, timeout);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                return n > 0;
        }
}

int process_reap(pid_t pid) {
        int status;

        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        return -errno;
        return status;
}

int process_end_with_parent(pid_t parent, int signal) {
        if (prctl(PR_SET_PDEATHSIG, signal) < 0)
                return -errno;
        /* Of an end before that there is no signal. */
        return getppid() == parent ? 0 : -ESRCH;
}

int process_exit_status(int status) {
        return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

bool process_is_interrupted(void) {
        sigset_t pending;

        return sigpending(&pending) >= 0 &&
               (sigismember(&pending, SIGINT) == 1 || sigismember(&pending, SIGTERM) == 1 ||
                sigismember(&pending, SIGHUP) == 1);
}

void process_unblock_signals(void) {
        sigset_t none;

        (void) sigemptyset(&none);
        (void) sigprocmask(SIG_SETMASK, &none, NULL);
}

void process_reset_signals(void) {
        struct sigaction by_default = {.sa_handler = SIG_DFL};

        for (int i = 1; i < _NSIG; i++)
                (void) sigaction(i, &by_default, NULL);
        process_unblock_signals();
}

static sigset_t process_interrupts(void) {
        sigset_t mask;

        (void) sigemptyset(&mask);
        (void) sigaddset(&mask, SIGINT);
        (void) sigaddset(&mask, SIGTERM);
        (void) sigaddset(&mask, SIGHUP);
        return mask;
}

void process_block_interrupts(sigset_t *ret_old) {
        const sigset_t mask = process_interrupts();

        (void) sigprocmask(SIG_BLOCK, &mask, ret_old);
}

int process_open_interrupts(void) {
        const sigset_t mask = process_interrupts();
        int fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);

        return fd < 0 ? -errno : fd;
}

int process_hold_interrupts(HeldInterrupts *ret, Error *reterr) {
        int fd = process_open_interrupts();

        if (fd < 0)
                return error_set(reterr, fd, "make a signal descriptor");
        ret->fd = fd;
        process_block_interrupts(&ret->old);
        return 0;
}

void process_release_interrupts(HeldInterrupts *held) {
        if (held->fd < 0)
                return;
        held->fd = safe_close(held->fd);
        (void) sigprocmask(SIG_SETMASK, &held->old, NULL);
}

static void run_child(char *const *argv, int out_fd, pid_t parent) {
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);
        int out = out_fd >= 0 ? out_fd : STDERR_FILENO;

        /* A helper must not go on when we have been killed. */
        if (process_end_with_parent(parent, SIGKILL) < 0)
                _exit(127);
        process_unblock_signals();
        if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
            dup2(out, STDERR_FILENO) < 0)
                _exit(127);
        (void) execv(argv[0], argv);
        _exit(127);
}

int process_run(char *const *argv, char **ret_output, Error *reterr) {
        _cleanup_close_ int read_fd = -EBADF, write_fd = -EBADF;
        _cleanup_free_ char *output = NULL;
        pid_t parent = getpid(), pid;
        int pipe_fd[2], status, r = 0;

        if (ret_output) {
                if (pipe2(pipe_fd, O_CLOEXEC) < 0)
                        return error_set(reterr, errno, "make a pipe");
                read_fd = pipe_fd[0];
                write_fd = pipe_fd[1];
        }
        pid = fork();
        if (pid < 0)
                return error_set(reterr, errno, "start '%s'", argv[0]);
        if (pid == 0)
                run_child(argv, write_fd, parent);

        write_fd = safe_close(write_fd);
        if (ret_output)
                r = fs_read_fd(read_fd, argv[0], 1024 * 1024, &output, NULL, reterr);
        /* Closed before waiting: a child that writes more than is read must not block for ever. */
        read_fd = safe_close(read_fd);
        status = process_reap(pid);
        if (status < 0)
                return error_set(reterr, status, "wait for '%s'", argv[0]);
        if (r < 0)
                return r;
        if (ret_output)
                *ret_output = TAKE_PTR(output);
        return process_exit_status(status);
}
