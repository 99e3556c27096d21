/* SPDX-License-Identifier: MIT */

#include <net/if.h>

#include "base/alloc.h"
#include "base/strv.h"
#include "cgroup/leftovers.h"
#include "context/network.h"
#include "net/old-bridge.h"
#include "net/router.h"
#include "state/identity.h"
#include "state/runtime-dir.h"
#include "storage/gc-bury.h"

static void gc_say_gone(const GcProject *p, const char *kind, const char *name) {
        _cleanup_free_ char *why = p->claimed ? xasprintf("'%s' is gone", p->checkout.path)
                                   : p->only_locks && !p->machines && !p->strange
                                           ? xstrdup("it holds nothing but locks")
                                           : xstrdup("its project is gone");

        gc_say(p->gc, kind, name, why);
}

static void gc_say_directory_gone(const GcProject *p) {
        _cleanup_free_ char *directory = xasprintf(RUNTIME_DIR_BASE "/%s", p->id);

        gc_say_gone(p, "directory", directory);
}

/* What gc_bury_locked() would say. */
static void gc_say_all_gone(const GcProject *p) {
        _cleanup_strv_ char **bridges = gc_project_bridges(p);

        STRV_FOREACH (machine, p->machines)
                gc_say_gone(p, "machine", *machine);
        STRV_FOREACH (machine, p->strange)
                gc_say_gone(p, "machine", *machine);
        STRV_FOREACH (bridge, bridges)
                gc_say_gone(p, "bridge", *bridge);
        if (p->runtime_fd >= 0)
                gc_say_directory_gone(p);
}

/* @say: they have left something, which was seen. */
static int gc_end_machines(const GcProject *p, char *const *machines, bool say, Error *reterr) {
        STRV_FOREACH (machine, machines) {
                int r = machine_kill(p->gc->facts.cgroup_root, *machine, reterr);

                if (r >= 0)
                        r = nspawn_clear_leftovers(*machine, reterr);
                if (r >= 0)
                        r = old_port_remove(*machine, reterr);
                if (r < 0)
                        return error_prefix(reterr, r, "machine '%s'", *machine);
                if (say)
                        gc_say_gone(p, "machine", *machine);
        }
        return 0;
}

/* What tells the next run that it is gone is removed last. The locks are held. */
static int gc_bury_locked(const GcProject *p, bool had_directory, Error *reterr) {
        _cleanup_free_ char *first = identity_bridge_name(p->id);
        _cleanup_strv_ char **named = NULL, **others = NULL, **bridges = gc_project_bridges(p);
        _cleanup_close_ int alone = -EBADF, base = -EBADF;
        int r;

        STRV_FOREACH (name, p->names)
                strv_push_take(&named, identity_machine_name(p->id, *name));
        r = gc_end_machines(p, p->machines, /* say= */ true, reterr);
        if (r >= 0)
                r = gc_end_machines(p, p->strange, /* say= */ true, reterr);
        /* And those that left nothing in their cgroup: a gc that was killed has removed that first. */
        if (r >= 0)
                r = gc_end_machines(p, named, /* say= */ false, reterr);
        if (r >= 0)
                r = network_hold_alone(p->gc->facts.cgroup_root, p->id, p->runtime_fd, &alone, reterr);
        if (r < 0)
                return r;
        if (alone < 0)
                return error_raise(reterr, FC_EXIT_CONFLICT, "another command has begun to use '%s'", p->id);
        r = router_remove(first, /* ret_removed= */ NULL, reterr);
        /* Of a fresh instance no list was made. */
        if (r >= 0)
                r = router_list_siblings(first, &others, reterr);
        STRV_FOREACH (other, others)
                if (r >= 0 && !strv_contains(bridges, *other))
                        r = router_remove(*other, /* ret_removed= */ NULL, reterr);
        STRV_FOREACH (bridge, bridges) {
                if (r >= 0)
                        r = router_remove(*bridge, /* ret_removed= */ NULL, reterr);
                /* Where machines are units, the end of the last one has removed it. */
                if (r >= 0 && if_nametoindex(*bridge) == 0)
                        gc_say_gone(p, "bridge", *bridge);
        }
        if (r < 0)
                return r;
        if (!p->gc->holds_base)
                r = runtime_dir_lock_base(RUNTIME_DIR_BASE, GC_BASE_TIMEOUT_USEC, &base, reterr);
        if (r >= 0)
                r = runtime_dir_remove(RUNTIME_DIR_BASE, p->id, reterr);
        if (r >= 0 && had_directory)
                gc_say_directory_gone(p);
        return r;
}

/* Has an `up` of another checkout been faster? */
static bool gc_is_claimed_anew(const GcProject *p) {
        _cleanup_(checkout_done) Checkout now = {};
        _cleanup_free_ char *before = NULL, *after = NULL;

        if (!runtime_dir_read_claim(p->runtime_fd, &now))
                return false;
        before = p->claimed ? checkout_print(&p->checkout) : NULL;
        after = checkout_print(&now);
        return !streq_ptr(before, after);
}

int gc_project_bury(GcProject *p, Error *reterr) {
        bool has_directory = p->runtime_fd >= 0;
        Lock *locks = NULL;
        size_t n = 0;
        int r;

        if (p->gc->dry_run) {
                gc_say_all_gone(p);
                return 0;
        }
        /* Where there was none it is made for the locks, by which commands are kept out. */
        if (!has_directory)
                p->runtime_fd = runtime_dir_make(RUNTIME_DIR_BASE, p->id, /* owner= */ 0, reterr);
        if (p->runtime_fd < 0)
                return p->runtime_fd;
        r = gc_project_lock_all(p, &locks, &n, reterr);
        if (r <= 0)
                return r;
        if (!gc_is_claimed_anew(p))
                r = gc_bury_locked(p, has_directory, reterr);
        (void) gc_project_unlock_all(locks, n);
        return r;
}
