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
        USERNS,
        MOUNTS,
        CGROUP, /* of HOST_EXEC_ROOT, which begins in it; of others not looked at */
        FIRST,
};

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

/* Return: our end of the socket by which it lives, or a negative errno. */
static int request_program(char *const *argv, char *const *envp, HostExecAs as) {
        HostExecRequest request = {.as = as, .n_argv = (uint32_t) strv_length(argv)};
        _cleanup_close_ int userns = open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC),
                            mounts = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC), words = -EBADF,
                            cgroup = -EBADF, ours = -EBADF, theirs = -EBADF;
        int pair[2], fds[SCM_FDS_MAX], r;

        if (userns < 0 || mounts < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
                return -errno;
        ours = pair[0];
        theirs = pair[1];
        r = words = write_words(argv, envp);
        if (r >= 0 && as == HOST_EXEC_ROOT)
                r = cgroup = own_cgroup_open(NULL);
        if (r >= 0)
                r = collect_fds(&request, fds + FIRST);
        if (r < 0)
                return r;
        fds[LIFE] = theirs;
        fds[WORDS] = words;
        fds[USERNS] = userns;
        fds[MOUNTS] = mounts;
        fds[CGROUP] = cgroup >= 0 ? cgroup : words;
        r = scm_send(host_socket_broker_fd(), &request, sizeof(request), fds, FIRST + request.n_fds);
        return r < 0 ? r : TAKE_FD(ours);
}

/* What a process that was killed could not tell is that. */
static int receive_end(int life_fd) {
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
        int life_fd;

        if (!host_socket_is_brokered()) {
                environ = (char **) envp;
                (void) execvp(argv[0], argv);
                return -errno;
        }
        life_fd = request_program(argv, envp, as);
        if (life_fd < 0)
                return life_fd;
        /* As the program would have: what is at the other end of one sees that it is closed. */
        detach_close_all_but(&life_fd, 1);
        end_likewise(receive_end(life_fd));
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
        int error;

        if (process_end_with_parent(parent, SIGKILL) < 0 || setsid() < 0 || !place_fds(request, message))
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

/* @mounts_fd: -EBADF: those of the host. The first process of a PID namespace, whose end ends all that it
 * has started: who serves a port becomes another user, which makes the kernel forget PR_SET_PDEATHSIG. */
static bool become_root_first(int userns_fd, int mounts_fd) {
        pid_t pid;

        if (setns(userns_fd, CLONE_NEWUSER) < 0 || privilege_become_root() < 0 ||
            (mounts_fd >= 0 && setns(mounts_fd, CLONE_NEWNS) < 0) || unshare(CLONE_NEWPID) < 0)
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
        int life_fd = message->fds[LIFE],
            mounts_fd = request->as == HOST_EXEC_ROOT_HERE ? message->fds[MOUNTS] : -EBADF, status;
        _cleanup_strv_ char **words = NULL;
        pid_t parent, pid;

        /* The broker lets the kernel reap. */
        (void) signal(SIGCHLD, SIG_DFL);
        words = read_words(message->fds[WORDS], (size_t) 1 + request->n_argv);
        if (!words || request->n_argv == 0 ||
            (request->as != HOST_EXEC_USER && !become_root_first(message->fds[USERNS], mounts_fd)))
                _exit(EXIT_FAILURE);
        parent = getpid();
        pid = fork();
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
