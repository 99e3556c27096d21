/* SPDX-License-Identifier: MIT */

#include <signal.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <time.h>

#include "base/process.h"
#include "cell/stub.h"

#define DEADLINE_USEC  (90 * USEC_PER_SEC)
#define EXIT_EXCEPTION 255 /* as of systemd-nspawn's: PID 2 was killed */

typedef enum Asked {
        ASKED_NOTHING,
        ASKED_POWEROFF,
        ASKED_REBOOT,
} Asked;

/* systemd's signals for PID 1, and ctrl-alt-del. SIGRTMIN is not a constant. */
static Asked what_signal_asks(int number) {
        if (number == SIGINT)
                return ASKED_REBOOT;
        switch (number - SIGRTMIN) {
        case 3:
        case 4:
        case 13:
        case 14:
                return ASKED_POWEROFF;
        case 5:
        case 6:
        case 15:
        case 16:
                return ASKED_REBOOT;
        default:
                return ASKED_NOTHING;
        }
}

static void stub_block_signals(sigset_t *ret_waited, sigset_t *ret_old) {
        sigset_t all;

        (void) sigfillset(&all);
        (void) sigprocmask(SIG_BLOCK, &all, ret_old);
        (void) sigemptyset(ret_waited);
        (void) sigaddset(ret_waited, SIGCHLD);
        for (int i = 1; i <= SIGRTMAX; i++)
                if (what_signal_asks(i) != ASKED_NOTHING)
                        (void) sigaddset(ret_waited, i);
}

static _Noreturn void end(Asked asked, int status) {
        /* The kernel then ends this process by a signal that says which. */
        if (asked != ASKED_NOTHING)
                (void) reboot(asked == ASKED_REBOOT ? RB_AUTOBOOT : RB_POWER_OFF);
        _exit(WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_EXCEPTION);
}

/* Reaps all that has ended; PID 2's end is ours. */
static void stub_reap(pid_t command, Asked asked) {
        int status;
        pid_t pid;

        while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
                if (pid == command)
                        end(asked, status);
        if (pid < 0)
                _exit(EXIT_EXCEPTION);
}

/* Return: the signal, or -1 when the time has passed. */
static int wait_for_signal(const sigset_t *waited, uint64_t deadline_usec) {
        uint64_t now = now_usec();
        uint64_t left = deadline_usec > now ? deadline_usec - now : 0;
        const struct timespec timeout = {(time_t) (left / USEC_PER_SEC),
                                         (long) (left % USEC_PER_SEC) * 1000};
        int r;

        do
                r = deadline_usec == UINT64_MAX ? sigwaitinfo(waited, NULL)
                                                : sigtimedwait(waited, NULL, &timeout);
        while (r < 0 && errno == EINTR);
        return r;
}

static _Noreturn void watch_command(pid_t command, const sigset_t *waited) {
        uint64_t deadline_usec = UINT64_MAX;
        Asked asked = ASKED_NOTHING;

        for (;;) {
                int number;

                stub_reap(command, asked);
                number = wait_for_signal(waited, deadline_usec);
                if (number < 0)
                        end(asked, 0);
                if (number == SIGCHLD || asked != ASKED_NOTHING)
                        continue;
                asked = what_signal_asks(number);
                deadline_usec = now_usec() + DEADLINE_USEC;
                /* Shells ignore the first and heed the second. */
                (void) kill(command, SIGTERM);
                (void) kill(command, SIGCONT);
                (void) kill(command, SIGHUP);
        }
}

int stub_run(void) {
        sigset_t waited, old;
        pid_t command;

        stub_block_signals(&waited, &old);
        command = fork();
        if (command < 0)
                return -errno;
        if (command > 0) {
                (void) prctl(PR_SET_NAME, "(sd-stubinit)");
                watch_command(command, &waited);
        }
        (void) setsid();
        (void) sigprocmask(SIG_SETMASK, &old, NULL);
        return 0;
}
