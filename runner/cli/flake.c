/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/process.h"
#include "base/strv.h"
#include "cli/flake.h"
#include "cli/session.h"

#define LINK_NAME    SESSION_SPEC_NAME
#define EVIDENCE_MAX (16 * 1024)

bool flake_exists(const char *root) {
        _cleanup_free_ char *path = xasprintf("%s/flake.nix", root);

        return access(path, F_OK) >= 0;
}

char *flake_built_link(const char *root) {
        return xasprintf("%s/" STATE_DIR_NAME "/" LINK_NAME, root);
}

/* One run of Nix. */
typedef struct Nix {
        InvokingUser user;
        const char *root;
        char *program;
        char **argv, **envp;
        int output_fd; /* what it says, when nobody is to see it at once */
} Nix;

static void nix_done(Nix *nix) {
        free(nix->program);
        strv_free(nix->argv);
        strv_free(nix->envp);
        (void) safe_close(nix->output_fd);
}

/* sudo(8) gives us a PATH without the profiles that Nix is installed to. */
static int find_nix(Nix *nix, const struct passwd *pw, Error *reterr) {
        _cleanup_free_ char *profiles = NULL;
        int r;

        nix->program = process_find_program("nix", NULL);
        if (nix->program)
                return 0;
        profiles = xasprintf(
                "%s/.nix-profile/bin:%s/.local/state/nix/profile/bin:/etc/profiles/per-user/%s/bin:"
                "/nix/var/nix/profiles/default/bin",
                pw ? pw->pw_dir : "", pw ? pw->pw_dir : "", pw ? pw->pw_name : "");
        nix->program = process_find_program("nix", profiles);
        if (nix->program)
                return 0;
        r = error_raise(reterr, FC_EXIT_HOST, "'%s/flake.nix' needs nix, which is not installed", nix->root);
        error_add_hint(reterr,
                       "or write the specification by hand: '%s/" SESSION_SPEC_NAME "' (docs/SPEC.md)",
                       nix->root);
        return r;
}

/* root's home and caches are not the user's, and would be left with files that are. */
static void set_environment(Nix *nix, const struct passwd *pw) {
        static const char *const others[] = {"HOME=",          "USER=",           "LOGNAME=",
                                             "SHELL=",         "XDG_CACHE_HOME=", "XDG_CONFIG_HOME=",
                                             "XDG_DATA_HOME=", "XDG_STATE_HOME=", "XDG_RUNTIME_DIR="};
        bool changes = geteuid() != nix->user.uid;

        STRV_FOREACH (s, environ) {
                bool keep = true;

                for (size_t i = 0; changes && i < ELEMENTSOF(others); i++)
                        keep = keep && !startswith(*s, others[i]);
                if (keep)
                        strv_push(&nix->envp, *s);
        }
        if (changes && pw) {
                strv_pushf(&nix->envp, "HOME=%s", pw->pw_dir);
                strv_pushf(&nix->envp, "USER=%s", pw->pw_name);
                strv_pushf(&nix->envp, "LOGNAME=%s", pw->pw_name);
        }
}

/* Run in the flake's directory, since a path in a flake reference takes no '#', '?', '%' and, depending on
 * the release, no space. */
static int prepare(Nix *nix, const char *link, ProgressMode mode, Error *reterr) {
        const struct passwd *pw = getpwuid(nix->user.uid);
        int r;

        r = find_nix(nix, pw, reterr);
        if (r < 0)
                return r;
        set_environment(nix, pw);
        strv_push(&nix->argv, nix->program);
        strv_push(&nix->argv, "--extra-experimental-features");
        strv_push(&nix->argv, "nix-command flakes");
        strv_push(&nix->argv, "build");
        /* While one works on a flake its tree is dirty all the time. */
        strv_push(&nix->argv, "--no-warn-dirty");
        strv_push(&nix->argv, "--out-link");
        strv_push(&nix->argv, link);
        strv_push(&nix->argv, ".#flake-containers.spec");
        if (mode == PROGRESS_QUIET || mode == PROGRESS_JSON) {
                nix->output_fd = memfd_create("nix", MFD_CLOEXEC);
                if (nix->output_fd < 0)
                        return error_set(reterr, errno, "make a file in memory");
        }
        return 0;
}

static bool become(const InvokingUser *user) {
        if (geteuid() == user->uid)
                return true;
        return setgroups(user->n_groups, user->groups) >= 0 &&
               setresgid(user->gid, user->gid, user->gid) >= 0 &&
               setresuid(user->uid, user->uid, user->uid) >= 0;
}

static _Noreturn void exec_nix(const Nix *nix, pid_t parent) {
        int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

        /* In this order: new credentials reset the signal. */
        if (!become(&nix->user) || prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 || getppid() != parent)
                _exit(126);
        if (chdir(nix->root) < 0) {
                (void) dprintf(STDERR_FILENO, "change to '%s': %m\n", nix->root);
                _exit(126);
        }
        /* It asks whether to trust a flake's settings, if there is somebody to ask. */
        if (!isatty(STDIN_FILENO) && (null < 0 || dup2(null, STDIN_FILENO) < 0))
                _exit(126);
        if ((nix->output_fd >= 0 && dup2(nix->output_fd, STDERR_FILENO) < 0) ||
            dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
                _exit(126);
        process_unblock_signals();
        (void) execve(nix->program, nix->argv, nix->envp);
        (void) dprintf(STDERR_FILENO, "run '%s': %m\n", nix->program);
        _exit(127);
}

/* On a terminal Ctrl-C reaches Nix by itself; whoever signals only us means both. */
static int wait_for_end(int pidfd, int signal_fd, bool *ret_interrupted, Error *reterr) {
        for (;;) {
                struct pollfd fds[] = {{.fd = pidfd, .events = POLLIN}, {.fd = signal_fd, .events = POLLIN}};
                struct signalfd_siginfo info;

                if (poll(fds, ELEMENTSOF(fds), -1) < 0 && errno != EINTR)
                        return error_set(reterr, errno, "wait for nix");
                if (fds[1].revents & POLLIN && read(signal_fd, &info, sizeof(info)) == sizeof(info)) {
                        *ret_interrupted = true;
                        (void) process_signal(pidfd, (int) info.ssi_signo);
                }
                if (fds[0].revents & POLLIN)
                        return 0;
        }
}

/* Return: the exit status, 128+n for a signal, or a negative errno. */
static int run(const Nix *nix, bool *ret_interrupted, Error *reterr) {
        _cleanup_close_ int pidfd = -EBADF, signal_fd = -EBADF;
        pid_t pid, parent = getpid();
        sigset_t mask, old;
        int status, r;

        (void) sigemptyset(&mask);
        (void) sigaddset(&mask, SIGINT);
        (void) sigaddset(&mask, SIGTERM);
        (void) sigaddset(&mask, SIGHUP);
        signal_fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
        if (signal_fd < 0)
                return error_set(reterr, errno, "make a signal descriptor");
        (void) sigprocmask(SIG_BLOCK, &mask, &old);
        pid = fork();
        if (pid == 0)
                exec_nix(nix, parent);
        if (pid < 0)
                r = error_set(reterr, errno, "start nix");
        else {
                pidfd = process_open(pid);
                r = pidfd < 0 ? error_set(reterr, pidfd, "open the process of nix")
                              : wait_for_end(pidfd, signal_fd, ret_interrupted, reterr);
                if (r < 0)
                        (void) kill(pid, SIGTERM);
                while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
                        ;
        }
        (void) sigprocmask(SIG_SETMASK, &old, NULL);
        if (r < 0)
                return r;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* The end of it: that is where the reason stands. */
static void add_evidence(int fd, Error *reterr) {
        _cleanup_free_ char *text = NULL;
        off_t size = lseek(fd, 0, SEEK_END);
        char *save = NULL;

        if (size < 0 || lseek(fd, size > EVIDENCE_MAX ? size - EVIDENCE_MAX : 0, SEEK_SET) < 0 ||
            fs_read_fd(fd, "nix", EVIDENCE_MAX, &text, NULL, NULL) < 0)
                return;
        for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
                error_add_evidence(reterr, "%s", line);
}

static bool path_is_plain(const char *path) {
        return path[strspn(path, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._-")] ==
               '\0';
}

static int build(const Nix *nix, Error *reterr) {
        bool interrupted = false;
        int r;

        r = run(nix, &interrupted, reterr);
        if (r <= 0)
                return r;
        if (interrupted || r == 128 + SIGINT)
                return error_raise(reterr, FC_EXIT_INTERRUPTED,
                                   "interrupted while nix built the specification");
        r = error_raise(reterr, r == 126 || r == 127 ? FC_EXIT_HOST : FC_EXIT_USAGE,
                        "nix does not build the specification: exit status %d", r);
        if (nix->output_fd >= 0)
                add_evidence(nix->output_fd, reterr);
        error_add_hint(reterr, "by hand: cd '%s' && nix build '.#flake-containers.spec'", nix->root);
        if (!path_is_plain(nix->root))
                error_add_hint(reterr,
                               "not all releases of nix can build a flake in a directory of this name");
        return r;
}

static int read_link(const char *link, char **ret, Error *reterr) {
        char target[PATH_MAX];
        ssize_t n = readlink(link, target, sizeof(target) - 1);

        if (n < 0)
                return error_set(reterr, errno, "read the link '%s' that nix has made", link);
        target[n] = '\0';
        *ret = xstrdup(target);
        return 0;
}

static int build_for_once(const InvokingUser *user, Nix *nix, ProgressMode mode, char **ret_path,
                          Error *reterr) {
        _cleanup_(user_fs_leave) UserFs guard = USER_FS_NULL;
        char directory[] = "/tmp/flake-containers-XXXXXX";
        _cleanup_free_ char *link = NULL;
        int r;

        r = user_fs_enter(user, &guard, reterr);
        if (r < 0)
                return r;
        if (!mkdtemp(directory))
                return error_set(reterr, errno, "make a directory in /tmp");
        user_fs_leave(&guard);
        link = xasprintf("%s/" LINK_NAME, directory);
        r = prepare(nix, link, mode, reterr);
        if (r >= 0)
                r = build(nix, reterr);
        if (r >= 0)
                r = read_link(link, ret_path, reterr);
        (void) unlink(link);
        (void) rmdir(directory);
        return r;
}

int flake_build(const char *root, const InvokingUser *invoking, bool keep, ProgressMode mode,
                char **ret_path, Error *reterr) {
        _cleanup_(state_dir_done) StateDir state = STATE_DIR_NULL;
        _cleanup_(nix_done) Nix nix = {.root = root, .output_fd = -EBADF};
        _cleanup_free_ char *link = NULL;
        int r;

        r = state_dir_open(root, invoking, &state, reterr);
        if (r < 0)
                return r;
        nix.user = invoking->uid != 0 ? *invoking : state.user;
        /* In root's directory a user can leave no link. */
        if (!keep || nix.user.uid != state.user.uid)
                return build_for_once(&nix.user, &nix, mode, ret_path, reterr);
        r = state_dir_make(&state, reterr);
        if (r < 0)
                return r;
        link = flake_built_link(root);
        r = prepare(&nix, link, mode, reterr);
        if (r >= 0)
                r = build(&nix, reterr);
        return r < 0 ? r : read_link(link, ret_path, reterr);
}
