/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/process.h"
#include "base/strv.h"
#include "context/nix.h"

#define EVIDENCE_MAX (16 * 1024)

void nix_done(Nix *nix) {
        free(nix->program);
        strv_free(nix->argv);
        strv_free(nix->envp);
        (void) safe_close(nix->output_fd);
        *nix = NIX_NULL;
}

/* sudo(8) gives us a PATH without the profiles that Nix, and what it calls, is installed to. */
static char *profiles_of(const struct passwd *pw) {
        return xasprintf("%s/.nix-profile/bin:%s/.local/state/nix/profile/bin:/etc/profiles/per-user/%s/bin:"
                         "/nix/var/nix/profiles/default/bin:/run/current-system/sw/bin",
                         pw ? pw->pw_dir : "", pw ? pw->pw_dir : "", pw ? pw->pw_name : "");
}

/* root's home and caches must not get files that belong to the user. Programs that Nix calls (git, ssh)
 * are often in its profiles as well. */
static void set_environment(Nix *nix, const struct passwd *pw, const char *profiles) {
        const char *path = getenv("PATH");
        static const char *const others[] = {"PATH=",
                                             "HOME=",
                                             "USER=",
                                             "LOGNAME=",
                                             "SHELL=",
                                             "XDG_CACHE_HOME=",
                                             "XDG_CONFIG_HOME=",
                                             "XDG_DATA_HOME=",
                                             "XDG_STATE_HOME=",
                                             "XDG_RUNTIME_DIR="};
        bool changes = geteuid() != nix->user.uid;

        STRV_FOREACH (s, environ) {
                bool keep = true;

                for (size_t i = 0; changes && i < ELEMENTSOF(others); i++)
                        keep = keep && !startswith(*s, others[i]);
                if (nix->user.uid == 0)
                        keep = keep && !startswith(*s, "PATH=");
                if (keep)
                        strv_push(&nix->envp, *s);
        }
        if (nix->user.uid == 0)
                strv_pushf(&nix->envp, "PATH=%s:%s", process_trusted_path(), profiles);
        if (changes && pw) {
                strv_pushf(&nix->envp, "PATH=%s:%s", path ? path : "/usr/bin:/bin", profiles);
                strv_pushf(&nix->envp, "HOME=%s", pw->pw_dir);
                strv_pushf(&nix->envp, "USER=%s", pw->pw_name);
                strv_pushf(&nix->envp, "LOGNAME=%s", pw->pw_name);
        }
}

int nix_open(Nix *nix, Error *reterr) {
        const struct passwd *pw = getpwuid(nix->user.uid);
        _cleanup_free_ char *profiles = profiles_of(pw);

        /* A Nix that runs as the user may come from anywhere in the user's PATH. */
        if (nix->user.uid != 0 && getenv("PATH"))
                nix->program = process_find_program("nix", getenv("PATH"));
        if (!nix->program)
                nix->program = process_find_program("nix", NULL);
        if (!nix->program)
                nix->program = process_find_program("nix", profiles);
        if (!nix->program)
                return error_raise(reterr, FC_EXIT_HOST, "'%s/flake.nix' needs nix, which is not installed",
                                   nix->directory);
        set_environment(nix, pw, profiles);
        strv_push(&nix->argv, nix->program);
        strv_push(&nix->argv, "--extra-experimental-features");
        strv_push(&nix->argv, "nix-command flakes");
        return 0;
}

int nix_keep_output(Nix *nix, Error *reterr) {
        nix->output_fd = memfd_create("nix", MFD_CLOEXEC);
        return nix->output_fd < 0 ? error_set(reterr, errno, "make a file in memory") : 0;
}

static _Noreturn void exec_nix(const Nix *nix, pid_t parent) {
        int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

        /* In this order: new credentials reset the signal. */
        if (!user_become(&nix->user) || process_end_with_parent(parent, SIGTERM) < 0)
                _exit(126);
        if (chdir(nix->directory) < 0) {
                (void) dprintf(STDERR_FILENO, "change to '%s': %m\n", nix->directory);
                _exit(126);
        }
        /* On a terminal Nix asks whether to trust a flake's settings. */
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

/* On a terminal Ctrl-C reaches Nix by itself. A signal for this process alone is meant for both. */
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

int nix_run(const Nix *nix, bool *ret_interrupted, Error *reterr) {
        _cleanup_(process_release_interrupts) HeldInterrupts held = HELD_INTERRUPTS_NULL;
        _cleanup_close_ int pidfd = -EBADF;
        pid_t pid, parent = getpid();
        int status, r;

        r = process_hold_interrupts(&held, reterr);
        if (r < 0)
                return r;
        pid = fork();
        if (pid == 0)
                exec_nix(nix, parent);
        if (pid < 0)
                return error_set(reterr, errno, "start nix");
        pidfd = process_open(pid);
        r = pidfd < 0 ? error_set(reterr, pidfd, "open the process of nix")
                      : wait_for_end(pidfd, held.fd, ret_interrupted, reterr);
        if (r < 0)
                (void) kill(pid, SIGTERM);
        status = process_reap(pid);
        return r < 0 ? r : process_exit_status(status);
}

char *nix_output(const Nix *nix) {
        int fd = nix->output_fd;
        off_t size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
        char *text = NULL;

        if (size < 0 || lseek(fd, size > EVIDENCE_MAX ? size - EVIDENCE_MAX : 0, SEEK_SET) < 0 ||
            fs_read_fd(fd, "nix", EVIDENCE_MAX, &text, NULL, NULL) < 0)
                return NULL;
        return text;
}

void nix_add_evidence(const Nix *nix, Error *reterr) {
        _cleanup_free_ char *text = nix_output(nix);
        char *save = NULL;

        for (char *line = text ? strtok_r(text, "\n", &save) : NULL; line;
             line = strtok_r(NULL, "\n", &save))
                error_add_evidence(reterr, "%s", line);
}

char **nix_settings_files(const Nix *nix) {
        const struct passwd *pw = getpwuid(nix->user.uid);
        const char *directory = getenv("NIX_CONF_DIR"), *home = getenv("XDG_CONFIG_HOME");
        char **files = NULL;

        strv_pushf(&files, "%s/nix.conf", directory ? directory : "/etc/nix");
        if (geteuid() == nix->user.uid && home)
                strv_pushf(&files, "%s/nix/nix.conf", home);
        else if (pw)
                strv_pushf(&files, "%s/.config/nix/nix.conf", pw->pw_dir);
        return files;
}
