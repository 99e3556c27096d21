/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "base/process.h"
#include "base/strv.h"
#include "ops/locks.h"

/* Another command on the same container ends within its own deadlines. */
#define LOCKS_TIMEOUT_USEC (120 * USEC_PER_SEC)

typedef struct Wanted {
        const char *name;
        Lock *lock;
        Progress *progress;
} Wanted;

static int locks_compare(const void *a, const void *b) {
        return strcmp(((const Wanted *) a)->name, ((const Wanted *) b)->name);
}

char *lock_describe_wait(const LockHolder *holder) {
        return holder->pid > 0 ? xasprintf("waiting for '%s' (pid %d)", holder->verb, (int) holder->pid)
                               : xstrdup("waiting for another command");
}

static void locks_on_wait(const LockHolder *holder, void *userdata) {
        const Wanted *w = userdata;
        _cleanup_free_ char *what = lock_describe_wait(holder), *text = xasprintf("%s: %s", w->name, what);

        progress_note(w->progress, text);
}

int locks_take(int runtime_fd, const char *verb, char *const *names, Progress *progress, Lock **ret,
               Error *reterr) {
        size_t n = strv_length(names);
        _cleanup_free_ Wanted *sorted = xnew0(Wanted, n);
        Lock *locks = xnew0(Lock, n);

        for (size_t i = 0; i < n; i++) {
                locks[i] = LOCK_NULL;
                sorted[i] = (Wanted){names[i], &locks[i], progress};
        }
        qsort(sorted, n, sizeof(*sorted), locks_compare);
        for (size_t i = 0; i < n; i++) {
                int r = lock_acquire(runtime_fd, sorted[i].name, verb, LOCKS_TIMEOUT_USEC, locks_on_wait,
                                     &sorted[i], sorted[i].lock, reterr);

                if (r < 0) {
                        (void) locks_free(locks, n);
                        return error_in_container(reterr, r, sorted[i].name);
                }
        }
        *ret = locks;
        return 0;
}

Lock *locks_free(Lock *locks, size_t n) {
        for (size_t i = 0; locks && i < n; i++)
                lock_release(&locks[i]);
        free(locks);
        return NULL;
}
