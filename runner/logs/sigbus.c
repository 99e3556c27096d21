/* SPDX-License-Identifier: MIT */

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/macro.h"
#include "logs/sigbus.h"

static void on_sigbus(int sig, siginfo_t *info, void *context) {
        uintptr_t size = (uintptr_t) sysconf(_SC_PAGESIZE);
        uintptr_t page = (uintptr_t) info->si_addr & ~(size - 1);
        int saved = errno;

        /* Only what a truncated mapping gives, see sigaction(2); and mmap(2) is a plain system call. */
        if (info->si_code == BUS_ADRERR &&
            mmap((void *) page, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) !=
                    MAP_FAILED) {
                errno = saved;
                return;
        }
        (void) signal(SIGBUS, SIG_DFL);
        (void) raise(SIGBUS);
}

void sigbus_guard_init(SigbusGuard *guard) {
        struct sigaction action = {.sa_sigaction = on_sigbus, .sa_flags = SA_SIGINFO | SA_RESTART};

        (void) sigaction(SIGBUS, &action, &guard->old);
}

void sigbus_guard_done(SigbusGuard *guard) {
        (void) sigaction(SIGBUS, &guard->old, NULL);
}
