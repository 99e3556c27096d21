/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/detach.h"
#include "base/fs.h"
#include "base/host-exec.h"
#include "base/host-socket.h"
#include "base/own-cgroup.h"
#include "base/privilege.h"
#include "base/process.h"
#include "base/strv.h"

/* The descriptors of a message, before those of the program. */
enum {
        LIFE,  /* a socket: closed at the other end, the program is to end; how it has ended is sent by it */
        WORDS, /* a file: the working directory, the arguments, the environment, each with its NUL */
        USERNS, /* the first of the namespaces of the process that asks */
        MOUNTS,
        PIDS,
        CGROUPS,
        CGROUP, /* in which HOST_EXEC_ROOT and HOST_EXEC_ROOT_BESIDE begin; of others not looked at */
        FIRST,
};

static const char *const namespace_files[] = {"/proc/self/ns/user", "/proc/self/ns/mnt", "/proc/self/ns/pid",
                                              "/proc/self/ns/cgroup"};

#define WORDS_MAX (8 * 1024 * 1024) /* Linux passes 6 MiB at most */

/* ---- the process that asks ---- */

static void put_word(FILE *f, const char *word) {
        (void) fwrite(word, 1, strlen(word) + 1, f);
}

/* Return: an fd, or a negative errno. */
static int write_words(char *const *argv, char *const *envp) {
        _cleanup_close_ int fd = memfd_create("words", MFD_CLOEXEC);
        _cleanup_free_ char *directory = getcwd(NULL, 0), *text = NULL;
        size_t size = 0;
        FILE *f;
        int r;

        /* A command that is meant for a directory is run in no other one. */
        if (fd < 0 || !directory)
                return -errno;
        f = open_memstream(&text, &size);
        if (!f)
                return -errno;
        put_word(f, directory);
        STRV_FOREACH (word, argv)
                put_word(f, *word);
        STRV_FOREACH (word, envp)
                put_word(f, *word);
        r = fclose(f) != 0 ? -errno : fs_write_all(fd, text, size);
        return r < 0 ? r : TAKE_FD(fd);
}

/* What a program would inherit. @fds: their numbers are the request's. */
static int collect_fds(HostExecRequest *request, int *fds) {
        _cleanup_close_ int dir = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_strv_ char **names = NULL;
        int r = dir < 0 ? -errno : fs_list(dir, &names);

        if (r < 0)
                return r;
        STRV_FOREACH (name, names) {
                int fd = (int) strtol(*name, NULL, 10), flags = fcntl(fd, F_GETFD);

                if (flags < 0 || flags & FD_CLOEXEC)
                        continue;
                if (request->n_fds == HOST_EXEC_FDS_MAX)
                        return -EMFILE;
                fds[request->n_fds] = request->numbers[request->n_fds] = fd;
                request->n_fds++;
        }
        return 0;
}

/* @fds: with those of the program from FIRST on. Return: our end of the socket by which it lives, or a
 * negative errno. */
static int request_program(HostExecRequest *request, char *const *argv, char *const *envp, int cgroup_fd,
                           int *fds) {
        _cleanup_close_ int ours = -EBADF, theirs = -EBADF, words = write_words(argv, envp);
        size_t opened = 0;
        const int on = 1;
        int pair[2], r = words;

        if (r >= 0 && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
                r = -errno;
        if (r < 0)
                return r;
        ours = pair[0];
        theirs = pair[1];
        /* For host_exec_start(), before anything can be said. */
        if (setsockopt(ours, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0)
                return -errno;
        for (; r >= 0 && opened < ELEMENTSOF(namespace_files); opened++) {
                fds[USERNS + opened] = open(namespace_files[opened], O_RDONLY | O_CLOEXEC);
                r = fds[USERNS + opened] < 0 ? -errno : 0;
        }
        request->n_argv = (uint32_t) strv_length(argv);
        fds[LIFE] = theirs;
        fds[WORDS] = words;
        fds[CGROUP] = cgroup_fd >= 0 ? cgroup_fd : words;
        if (r >= 0)
                r = scm_send(host_socket_broker_fd(), request, sizeof(*request), fds,
                             FIRST + request->n_fds);
        while (opened > 0)
                (void) safe_close(fds[USERNS + --opened]);
        return r < 0 ? r : TAKE_FD(ours);
}

int host_exec_reap(int life_fd) {
        int status;
        ssize_t n;

        do
                n = recv(life_fd, &status, sizeof(status), 0);
        while (n < 0 && errno == EINTR);
        return n == sizeof(status) ? status : W_EXITCODE(0, SIGKILL);
}

static _Noreturn void end_likewise(int status) {
        if (WIFEXITED(status))
                _exit(WEXITSTATUS(status));
        (void) setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        (void) signal(WTERMSIG(status), SIG_DFL);
        process_unblock_signals();
        (void) raise(WTERMSIG(status));
        _exit(128 + WTERMSIG(status));
}

int host_exec(char *const *argv, char *const *envp, HostExecAs as) {
        HostExecRequest request = {.as = as};
        _cleanup_close_ int cgroup = -EBADF;
        int fds[SCM_FDS_MAX], life_fd, r;

        if (!host_socket_is_brokered()) {
                environ = (char **) envp;
                (void) execvp(argv[0], argv);
                return -errno;
        }
        r = as == HOST_EXEC_ROOT ? cgroup = own_cgroup_open(NULL) : 0;
        if (r >= 0)
                r = collect_fds(&request, fds + FIRST);
        if (r >= 0)
                r = life_fd = request_program(&request, argv, envp, cgroup, fds);
        if (r < 0)
                return r;
        /* As the program would have: what is at the other end of one sees that it is closed. */
        detach_close_all_but(&life_fd, 1);
        end_likewise(host_exec_reap(life_fd));
}

/* The process that is going to execute it says something, by which the kernel tells its pid. */
pid_t host_exec_start(char *const *argv, char *const *envp, int output_fd, int cgroup_fd, int *ret_life_fd) {
        HostExecRequest request = {
                .as = HOST_EXEC_ROOT_BESIDE,
                .n_fds = 3,
                .numbers = {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO},
        };
        int fds[FIRST + 3] = {[FIRST] = STDIN_FILENO, output_fd, output_fd}, word, r;
        _cleanup_close_ int life_fd = request_program(&request, argv, envp, cgroup_fd, fds);
        _cleanup_(scm_done) ScmMessage hello = {};

        if (life_fd < 0)
                return life_fd;
        r = scm_receive(life_fd, 0, &word, sizeof(word), &hello);
        if (r < 0)
                return r;
        /* The process that watches, in whose name an early end is told, has no pid here. */
        if (hello.sender <= 0)
                return -ECHILD;
        *ret_life_fd = TAKE_FD(life_fd);
        return hello.sender;
}

/* ---- the process that executes it ---- */

/* Numbers that a program is to have may be those that others have here. */
static bool place_fds(const HostExecRequest *request, const ScmMessage *message) {
        int fds[HOST_EXEC_FDS_MAX], above = STDERR_FILENO;

        for (size_t i = 0; i < request->n_fds; i++)
                above = request->numbers[i] > above ? request->numbers[i] : above;
        for (size_t i = 0; i < request->n_fds; i++) {
                fds[i] = fcntl(message->fds[FIRST + i], F_DUPFD_CLOEXEC, above + 1);
                if (fds[i] < 0)
                        return false;
        }
        for (size_t i = 0; i < request->n_fds; i++)
                if (dup2(fds[i], request->numbers[i]) < 0)
                        return false;
        return true;
}

/* @words: by their order, which ends with NULL. */
static _Noreturn void execute(const HostExecRequest *request, const ScmMessage *message, char **words,
                              pid_t parent) {
        _cleanup_strv_ char **argv = NULL;
        int error = 0;

        if (process_end_with_parent(parent, SIGKILL) < 0 || setsid() < 0 || !place_fds(request, message) ||
            (request->as == HOST_EXEC_ROOT_BESIDE &&
             scm_send(message->fds[LIFE], &error, sizeof(error), NULL, 0) < 0))
                _exit(126);
        for (size_t i = 1; i <= request->n_argv; i++)
                strv_push(&argv, words[i]);
        (void) signal(SIGPIPE, SIG_DFL);
        process_unblock_signals();
        environ = words + 1 + request->n_argv;
        if (chdir(words[0]) < 0) {
                (void) dprintf(STDERR_FILENO, "change to '%s': %m\n", words[0]);
                _exit(126);
        }
        (void) execvp(argv[0], argv);
        error = errno;
        (void) dprintf(STDERR_FILENO, "run '%s': %s\n", argv[0], strerror(error));
        _exit(error == ENOENT ? 127 : 126);
}

/* ---- the process that watches it ---- */

static char **read_words(int fd, size_t at_least) {
        _cleanup_free_ char *text = NULL;
        _cleanup_strv_ char **words = NULL;
        size_t size;

        if (lseek(fd, 0, SEEK_SET) < 0 || fs_read_fd(fd, "words", WORDS_MAX, &text, &size, NULL) < 0)
                return NULL;
        for (const char *p = text; p < text + size; p += strlen(p) + 1)
                strv_push(&words, p);
        return strv_length(words) >= at_least ? TAKE_PTR(words) : NULL;
}

/* Where a process is not beside the one that asks, this becomes the first process of a PID namespace, whose
 * end ends all that it has started: who serves a port becomes another user, which makes the kernel forget
 * PR_SET_PDEATHSIG. */
static bool become_root_first(HostExecAs as, const int *fds) {
        pid_t pid;

        if (setns(fds[USERNS], CLONE_NEWUSER) < 0 || privilege_become_root() < 0 ||
            (as != HOST_EXEC_ROOT && setns(fds[MOUNTS], CLONE_NEWNS) < 0))
                return false;
        if (as == HOST_EXEC_ROOT_BESIDE)
                return setns(fds[PIDS], CLONE_NEWPID) >= 0 && setns(fds[CGROUPS], CLONE_NEWCGROUP) >= 0;
        if (unshare(CLONE_NEWPID) < 0)
                return false;
        pid = fork();
        if (pid > 0)
                _exit(EXIT_SUCCESS);
        return pid == 0;
}

/* It is not reaped before the others of its group are killed, so the number is still its own. */
static int watch(pid_t pid, int life_fd) {
        _cleanup_close_ int pidfd = process_open(pid);
        struct pollfd fds[] = {{.fd = pidfd, .events = POLLIN}, {.fd = life_fd, .events = POLLIN}};

        while (pidfd >= 0 && poll(fds, ELEMENTSOF(fds), -1) < 0 && errno == EINTR)
                continue;
        (void) kill(-pid, SIGKILL);
        (void) kill(pid, SIGKILL);
        return process_reap(pid);
}

static _Noreturn void attend(const HostExecRequest *request, const ScmMessage *message) {
        int life_fd = message->fds[LIFE], status;
        bool beside = request->as == HOST_EXEC_ROOT_BESIDE;
        _cleanup_strv_ char **words = NULL;
        pid_t parent, pid;

        /* The broker lets the kernel reap. */
        (void) signal(SIGCHLD, SIG_DFL);
        words = read_words(message->fds[WORDS], (size_t) 1 + request->n_argv);
        if (!words || request->n_argv == 0 ||
            (request->as != HOST_EXEC_USER && !become_root_first(request->as, message->fds)))
                _exit(EXIT_FAILURE);
        /* Which is 0 to a process of another PID namespace. */
        parent = beside ? 0 : getpid();
        pid = beside ? own_cgroup_fork(message->fds[CGROUP]) : fork();
        if (pid < 0)
                _exit(EXIT_FAILURE);
        if (pid == 0)
                execute(request, message, words, parent);
        /* What reads a pipe of the program's sees its end. */
        for (size_t i = LIFE + 1; i < message->n_fds; i++)
                (void) close(message->fds[i]);
        status = watch(pid, life_fd);
        (void) scm_send(life_fd, &status, sizeof(status), NULL, 0);
        _exit(EXIT_SUCCESS);
}

void host_exec_serve(int broker_fd, const HostExecRequest *request, const ScmMessage *message) {
        if (message->n_fds < FIRST || message->n_fds - FIRST != request->n_fds ||
            (request->as == HOST_EXEC_ROOT ? own_cgroup_fork(message->fds[CGROUP]) : fork()) != 0)
                return;
        /* Who asks the broker sees when that has ended. */
        (void) close(broker_fd);
        attend(request, message);
}
