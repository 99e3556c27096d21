/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "base/process.h"
#include "base/strv.h"
#include "context/locks.h"

typedef struct LocksWanted {
        const char *name;
        Lock *lock, *locks; /* locks: one for each name */
        const LocksRequest *request;
        int *asks; /* one for each name, once one of the locks is waited for */
} LocksWanted;

static int locks_compare(const void *a, const void *b) {
        return strcmp(((const LocksWanted *) a)->name, ((const LocksWanted *) b)->name);
}

char *lock_holder_to_string(const LockHolder *holder) {
        return holder->pid > 0 ? xasprintf("'%s' (pid %d)", holder->verb, (int) holder->pid)
                               : xstrdup("another command");
}

char *lock_describe_wait(const LockHolder *holder) {
        _cleanup_free_ char *who = lock_holder_to_string(holder);

        return xasprintf("waiting for %s", who);
}

/* Of all that it has not yet at once: the holder of one may have others as well, which this command waits
 * for later. Where it cannot be asked it is waited for. */
static void locks_ask(const LocksWanted *w) {
        const LocksRequest *q = w->request;

        for (size_t i = 0; q->names[i]; i++)
                if (w->asks[i] < 0 && w->locks[i].fd < 0)
                        (void) lock_ask(q->runtime_fd, q->names[i], q->verb, q->ask, &w->asks[i], NULL);
}

static void locks_on_wait(const LockHolder *holder, void *userdata) {
        const LocksWanted *w = userdata;
        _cleanup_free_ char *what = lock_describe_wait(holder), *text = xasprintf("%s: %s", w->name, what);

        progress_note(w->request->progress, text);
        if (w->request->ask != LOCK_ASK_NOTHING)
                locks_ask(w);
}

int locks_explain_interrupt(LockAsk heed, const Lock *locks, char *const *names, int r, Error *reterr) {
        LockHolder asker;

        if (r >= 0 || heed == LOCK_ASK_NOTHING || !reterr || reterr->exit != FC_EXIT_INTERRUPTED)
                return r;
        for (size_t i = 0; locks && names[i]; i++) {
                _cleanup_free_ char *who = NULL;

                if (!lock_heed_is_asked(heed, &locks[i], &asker))
                        continue;
                who = lock_holder_to_string(&asker);
                error_done(reterr);
                return error_raise(reterr, FC_EXIT_INTERRUPTED,
                                   "gave up before the start of '%s': %s wants it", names[i], who);
        }
        return r;
}

/* One that another command asks for already is not worked on first. */
static int locks_take_one(const LocksWanted *w, Error *reterr) {
        const LocksRequest *q = w->request;
        LockHolder asker;
        int r = lock_acquire(q->runtime_fd, w->name, q->verb, LOCKS_TIMEOUT_USEC, locks_on_wait, (void *) w,
                             w->lock, reterr);

        if (r < 0 || q->heed == LOCK_ASK_NOTHING)
                return error_in_container(reterr, r, w->name);
        lock_heed_add(q->heed, q->runtime_fd, w->name, w->lock);
        return lock_heed_is_asked(q->heed, w->lock, &asker)
                       ? error_raise(reterr, FC_EXIT_INTERRUPTED, "another command wants it")
                       : 0;
}

int locks_take(const LocksRequest *request, Lock **ret, Error *reterr) {
        size_t n = strv_length(request->names);
        _cleanup_free_ LocksWanted *sorted = xnew0(LocksWanted, n);
        _cleanup_free_ int *asks = xnew0(int, n);
        Lock *locks = xnew0(Lock, n);
        int r = 0;

        for (size_t i = 0; i < n; i++) {
                locks[i] = LOCK_NULL;
                asks[i] = -EBADF;
                sorted[i] = (LocksWanted){request->names[i], &locks[i], locks, request, asks};
        }
        qsort(sorted, n, sizeof(*sorted), locks_compare);
        for (size_t i = 0; r >= 0 && i < n; i++)
                r = locks_take_one(&sorted[i], reterr);
        for (size_t i = 0; i < n; i++)
                (void) safe_close(asks[i]);
        if (r < 0)
                r = locks_explain_interrupt(request->heed, locks, request->names, r, reterr);
        if (r < 0) {
                (void) locks_free(locks, n);
                return r;
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
