/* SPDX-License-Identifier: MIT */

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>

#include "base/alloc.h"
#include "base/process.h"
#include "base/strv.h"
#include "ops/up-again.h"
#include "ops/up.h"
#include "screen/progress.h"
#include "view/project-watch.h"

/* What an editor, or `git checkout`, does in one go is one change; but what goes on writing there is not
 * waited for for ever. */
#define QUIET_MSEC     200
#define QUIET_MAX_USEC (2 * USEC_PER_SEC)

typedef struct Watching {
        const ProjectRequest *request;
        char *const *names, *const *profiles;
        ProjectWatch *files;
        Progress *progress;
        int signal_fd;
        bool interrupted;
} Watching;

static void watching_done(Watching *w) {
        (void) project_watch_free(w->files);
        (void) progress_free(w->progress);
        (void) safe_close(w->signal_fd);
}

/* ---- `up` ---- */

/* As it would be typed: what is relative has been found. Owned by the caller. */
static char **up_command(const Watching *w) {
        const Globals *globals = w->request->globals;
        char **argv = NULL;

        strv_push(&argv, w->request->argv[0]);
        strv_pushf(&argv, "--root=%s", project_watch_root(w->files));
        if (globals->spec)
                strv_pushf(&argv, "--spec=%s", project_watch_spec(w->files));
        if (globals->host)
                strv_pushf(&argv, "--host=%s", globals->host);
        if (globals->backend)
                strv_pushf(&argv, "--backend=%s", globals->backend);
        if (globals->rootless)
                strv_push(&argv, "--rootless");
        if (globals->progress)
                strv_pushf(&argv, "--progress=%s", globals->progress);
        if (globals->quiet)
                strv_push(&argv, "--quiet");
        if (globals->dry_run)
                strv_push(&argv, "--dry-run");
        strv_push(&argv, "up");
        STRV_FOREACH (profile, w->profiles)
                strv_pushf(&argv, "--profile=%s", *profile);
        strv_extend(&argv, w->names);
        return argv;
}

/* A keyboard's interrupt has reached it as well. One that has become root cannot be told otherwise: it is
 * waited for, unless the second one asks not to. */
static bool watching_on_signal(Watching *w, int pidfd) {
        struct signalfd_siginfo info;
        bool again = w->interrupted;

        if (read(w->signal_fd, &info, sizeof(info)) != sizeof(info))
                return false;
        w->interrupted = true;
        if (pidfd >= 0 && info.ssi_code != SI_KERNEL)
                (void) process_signal(pidfd, (int) info.ssi_signo);
        return again;
}

/* Return: its exit status, or a negative errno. */
static int up_wait(Watching *w, pid_t pid, int pidfd, Error *reterr) {
        struct pollfd fds[] = {{.fd = pidfd, .events = POLLIN}, {.fd = w->signal_fd, .events = POLLIN}};
        int status;

        for (;;) {
                if (poll(fds, ELEMENTSOF(fds), -1) < 0 && errno != EINTR)
                        return error_set(reterr, errno, "wait for 'up'");
                if (fds[1].revents != 0 && watching_on_signal(w, pidfd))
                        return FC_EXIT_INTERRUPTED;
                if (fds[0].revents == 0)
                        continue;
                status = process_reap(pid);
                return status < 0 ? error_set(reterr, status, "wait for 'up'") : process_exit_status(status);
        }
}

/* A process of its own: it becomes root by executing itself, and each begins with nothing of the last. */
static int up_run_once(Watching *w, Error *reterr) {
        _cleanup_strv_ char **argv = up_command(w);
        _cleanup_close_ int pidfd = -EBADF;
        pid_t pid;

        (void) fflush(NULL);
        pid = fork();
        if (pid == 0) {
                process_unblock_signals();
                (void) execv("/proc/self/exe", argv);
                _exit(127);
        }
        if (pid < 0)
                return error_set(reterr, errno, "run 'up'");
        pidfd = process_open(pid);
        return pidfd < 0 ? error_set(reterr, pidfd, "open the process of 'up'")
                         : up_wait(w, pid, pidfd, reterr);
}

/* ---- between two ---- */

/* Until nothing has happened for a while. */
static void watching_settle(Watching *w) {
        uint64_t end = now_usec() + QUIET_MAX_USEC;
        struct pollfd fds[] = {{.fd = project_watch_fd(w->files), .events = POLLIN},
                               {.fd = w->signal_fd, .events = POLLIN}};

        while (project_watch_drain(w->files) && now_usec() < end)
                if (poll(fds, ELEMENTSOF(fds), QUIET_MSEC) < 0 || fds[1].revents != 0)
                        return;
}

/* Return: 1 it has changed, 0 the watch is to end, or a negative errno. */
static int watching_await(Watching *w, Error *reterr) {
        struct pollfd fds[] = {{.fd = project_watch_fd(w->files), .events = POLLIN},
                               {.fd = w->signal_fd, .events = POLLIN}};

        while (!w->interrupted) {
                bool changed;
                int r;

                if (poll(fds, ELEMENTSOF(fds), -1) < 0 && errno != EINTR)
                        return error_set(reterr, errno, "wait for a change");
                if (fds[1].revents != 0)
                        (void) watching_on_signal(w, -EBADF);
                if (w->interrupted)
                        break;
                watching_settle(w);
                r = project_watch_look(w->files, &changed, reterr);
                if (r < 0 || changed)
                        return r < 0 ? r : 1;
        }
        return 0;
}

static void watching_say(const Watching *w, int status) {
        _cleanup_free_ char *text =
                status == FC_EXIT_OK
                        ? xstrdup("waiting for a change; Ctrl-C ends this and leaves containers as they are")
                        : xasprintf("'up' has failed with exit status %d, waiting for a change", status);

        progress_note(w->progress, text);
}

int up_again(const ProjectRequest *request, char *const *names, char *const *profiles, Error *reterr) {
        _cleanup_(watching_done) Watching w = {request, names, profiles, .signal_fd = -EBADF};
        ProgressMode mode;
        bool changed;
        int r;

        r = up_check_profiles(profiles, names, reterr);
        if (r >= 0)
                r = project_progress_mode(request->globals, &mode, reterr);
        if (r < 0)
                return r;
        process_block_interrupts(NULL);
        w.signal_fd = process_open_interrupts();
        if (w.signal_fd < 0)
                return error_set(reterr, w.signal_fd, "make a signal descriptor");
        w.progress = progress_new(mode, stderr, NULL);
        r = project_watch_new(request, &w.files, reterr);
        if (r >= 0)
                r = project_watch_look(w.files, &changed, reterr);
        while (r >= 0) {
                r = up_run_once(&w, reterr);
                if (r < 0 || w.interrupted)
                        return r < 0 ? r : FC_EXIT_INTERRUPTED;
                watching_say(&w, r);
                r = watching_await(&w, reterr);
                if (r == 0)
                        return FC_EXIT_OK;
        }
        return r;
}
