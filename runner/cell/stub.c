/* SPDX-License-Identifier: MIT */

#include <signal.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/macro.h"
#include "cell/stub.h"

#define DEADLINE_SECONDS 90
#define EXIT_EXCEPTION   255 /* as of systemd-nspawn's: PID 2 was killed */

/* What of reboot(2) systemd's signals for PID 1 mean, and ctrl-alt-del: from SIGRTMIN+3 on halt, power off,
 * boot again, kexec, and from +13 on the same at once. 0: nothing. SIGRTMIN is not a constant. */
static int what_signal_asks(int number) {
        int n = number - SIGRTMIN;

        if (n == 3 || n == 4 || n == 13 || n == 14)
                return RB_POWER_OFF;
        return n == 5 || n == 6 || n == 15 || n == 16 || number == SIGINT ? RB_AUTOBOOT : 0;
}

/* @asked: the kernel then ends this process by a signal that says which. */
static _Noreturn void end(int asked, int status) {
        if (asked != 0)
                (void) reboot(asked);
        _exit(WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_EXCEPTION);
}

/* Reaps all that has ended; PID 2's end is ours. */
static void stub_reap(pid_t command, int asked) {
        int status;
        pid_t pid;

        while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
                if (pid == command)
                        end(asked, status);
        if (pid < 0)
                _exit(EXIT_EXCEPTION);
}

/* @all: they are blocked. */
static _Noreturn void watch_command(pid_t command, const sigset_t *all) {
        int asked = 0;

        for (;;) {
                int number;

                stub_reap(command, asked);
                number = sigwaitinfo(all, NULL);
                if (number == SIGALRM && asked != 0)
                        end(asked, 0);
                if (number < 0 || asked != 0 || what_signal_asks(number) == 0)
                        continue;
                asked = what_signal_asks(number);
                (void) alarm(DEADLINE_SECONDS);
                /* Shells ignore the first and heed the second. */
                (void) kill(command, SIGTERM);
                (void) kill(command, SIGCONT);
                (void) kill(command, SIGHUP);
        }
}

int stub_run(void) {
        sigset_t all, old;
        pid_t command;

        (void) sigfillset(&all);
        (void) sigprocmask(SIG_BLOCK, &all, &old);
        command = fork();
        if (command < 0)
                return -errno;
        if (command > 0) {
                (void) prctl(PR_SET_NAME, "(sd-stubinit)");
                watch_command(command, &all);
        }
        (void) setsid();
        (void) sigprocmask(SIG_SETMASK, &old, NULL);
        return 0;
}
