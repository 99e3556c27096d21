/* SPDX-License-Identifier: MIT */

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/paths.h"
#include "base/strv.h"
#include "net/router.h"
#include "spec/name.h"
#include "state/identity.h"
#include "state/runtime-dir.h"
#include "storage/gc-project.h"

#define LOCK_SUFFIX ".lock"

/* ---- what /run knows of it ---- */

void gc_project_done(GcProject *p) {
        free(p->id);
        (void) safe_close(p->runtime_fd);
        checkout_done(&p->checkout);
        strv_free(p->names);
        strv_free(p->machines);
        strv_free(p->strange);
}

static bool gc_has_suffix(const char *entry, const char *suffix) {
        size_t n = strlen(entry), n_suffix = strlen(suffix);

        return n > n_suffix && streq(entry + n - n_suffix, suffix);
}

/* A container has a lock from the first command on, and a directory from its first start. */
static void gc_add_name(GcProject *p, const char *entry) {
        size_t n = strlen(entry) - (gc_has_suffix(entry, LOCK_SUFFIX) ? strlen(LOCK_SUFFIX) : 0);
        _cleanup_free_ char *name = xstrndup(entry, n);

        if (name_check_container(name, NULL) >= 0 && !strv_contains(p->names, name))
                strv_push(&p->names, name);
}

/* The lock itself, or by what another command asks for it. */
static bool gc_is_of_lock(const char *entry) {
        return gc_has_suffix(entry, LOCK_SUFFIX) || gc_has_suffix(entry, ".ask") ||
               gc_has_suffix(entry, ".stop");
}

static int gc_compare_names(const void *a, const void *b) {
        return strcmp(*(char *const *) a, *(char *const *) b);
}

int gc_project_open(Gc *gc, const char *id, GcProject *ret, Error *reterr) {
        GcProject p = {.gc = gc, .runtime_fd = -EBADF};
        _cleanup_strv_ char **entries = NULL;
        int r;

        r = runtime_dir_open(RUNTIME_DIR_BASE, id, &p.runtime_fd, reterr);
        if (r < 0)
                return r;
        p.id = xstrdup(id);
        if (p.runtime_fd >= 0) {
                r = fs_list(p.runtime_fd, &entries);
                p.claimed = runtime_dir_read_claim(p.runtime_fd, &p.checkout);
        }
        if (r < 0) {
                gc_project_done(&p);
                return error_set(reterr, r, "list '" RUNTIME_DIR_BASE "/%s'", id);
        }
        p.only_locks = p.runtime_fd >= 0;
        STRV_FOREACH (entry, entries) {
                gc_add_name(&p, *entry);
                p.only_locks = p.only_locks && gc_is_of_lock(*entry);
        }
        if (p.names)
                qsort(p.names, strv_length(p.names), sizeof(*p.names), gc_compare_names);
        *ret = p;
        return 0;
}

int gc_project_query(const GcProject *p, const char *machine, MachineStatus *ret, Error *reterr) {
        return machine_query(p->gc->facts.cgroup_root, machine, ret, reterr);
}

/* ---- locks ---- */

static void gc_say_busy(const GcProject *p, const Error *error) {
        _cleanup_free_ char *text = error_text(error);

        /* What a command still holds is not left over, and no news. */
        if (p->only_locks)
                return;
        strv_pushf(&p->gc->notes, "%s: left alone: %s", p->id, text);
}

Lock *gc_project_unlock_all(Lock *locks, size_t n) {
        for (size_t i = 0; i < n; i++)
                lock_release(&locks[i]);
        free(locks);
        return NULL;
}

int gc_project_lock(const GcProject *p, const char *name, Lock *ret, Error *reterr) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        int r = lock_acquire(p->runtime_fd, name, "gc", p->gc->patience_usec, NULL, NULL, ret, &error);

        if (r >= 0)
                return 1;
        if (error.exit != FC_EXIT_CONFLICT) {
                error_move(reterr, &error);
                return r;
        }
        gc_say_busy(p, &error);
        return 0;
}

int gc_project_lock_all(const GcProject *p, Lock **ret, size_t *ret_n, Error *reterr) {
        size_t n = strv_length(p->names) + 2;
        Lock *locks = xnew0(Lock, n);
        bool shares = false;
        int r;

        for (size_t i = 0; i < n; i++)
                locks[i] = LOCK_NULL;
        /* Only projects that share containers have the first one. */
        r = fs_is_there(p->runtime_fd, LOCK_SHARED LOCK_SUFFIX, &shares, reterr);
        if (r >= 0)
                r = 1;
        if (r > 0 && shares)
                r = gc_project_lock(p, LOCK_SHARED, &locks[n - 1], reterr);
        for (size_t i = 0; r > 0 && i + 1 < n; i++)
                r = gc_project_lock(p, i + 2 < n ? p->names[i] : LOCK_PROJECT, &locks[i], reterr);
        if (r <= 0) {
                (void) gc_project_unlock_all(locks, n);
                return r;
        }
        *ret = locks;
        *ret_n = n;
        return 1;
}

char **gc_project_bridges(const GcProject *p) {
        _cleanup_free_ char *first = identity_bridge_name(p->id);
        char **bridges = NULL;

        STRV_FOREACH (bridge, p->gc->bridges)
                if (router_is_sibling(first, *bridge))
                        strv_push(&bridges, *bridge);
        return bridges;
}
