/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <net/if.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/paths.h"
#include "base/strv.h"
#include "cgroup/leftovers.h"
#include "machine/machine.h"
#include "net/old-bridge.h"
#include "net/router.h"
#include "ops/gc-project.h"
#include "ops/instance.h"
#include "ops/network.h"
#include "project/instance-dir.h"
#include "project/state-dir.h"
#include "record/ephemeral.h"
#include "spec/name.h"
#include "state/identity.h"
#include "state/lock.h"
#include "state/mounted.h"
#include "state/runtime-dir.h"
#include "state/state.h"
#include "state/trash.h"

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

static bool has_suffix(const char *entry, const char *suffix) {
        size_t n = strlen(entry), n_suffix = strlen(suffix);

        return n > n_suffix && streq(entry + n - n_suffix, suffix);
}

/* A container has a lock from the first command on, and a directory from its first start. */
static void add_name(GcProject *p, const char *entry) {
        size_t n = strlen(entry) - (has_suffix(entry, LOCK_SUFFIX) ? strlen(LOCK_SUFFIX) : 0);
        _cleanup_free_ char *name = xstrndup(entry, n);

        if (name_check_container(name, NULL) >= 0 && !strv_contains(p->names, name))
                strv_push(&p->names, name);
}

/* The lock itself, or by what another command asks for it. */
static bool is_of_lock(const char *entry) {
        return has_suffix(entry, LOCK_SUFFIX) || has_suffix(entry, ".ask") || has_suffix(entry, ".stop");
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
                add_name(&p, *entry);
                p.only_locks = p.only_locks && is_of_lock(*entry);
        }
        if (p.names)
                qsort(p.names, strv_length(p.names), sizeof(*p.names), gc_compare_names);
        *ret = p;
        return 0;
}

/* ---- is it gone? ---- */

static int gc_query(const GcProject *p, const char *machine, MachineStatus *ret, Error *reterr) {
        return machine_query(p->gc->facts.cgroup_root, machine, ret, reterr);
}

/* How many of these machines run, and how many of those on a root that was removed. A machine that waits to
 * be started again has no process that could be asked. */
static int count_running(const GcProject *p, char *const *machines, size_t *running, size_t *removed,
                         Error *reterr) {
        STRV_FOREACH (machine, machines) {
                MachineStatus status;
                int r = gc_query(p, *machine, &status, reterr);

                if (r < 0)
                        return r;
                if (!status.running)
                        continue;
                (*running)++;
                if (status.keeper > 0 && mounted_is_removed_for(status.keeper, MACHINE_DIR "/root"))
                        (*removed)++;
        }
        return 0;
}

/* What runs is ended only where there is no doubt. @ret_root: where it is, owned by the caller; NULL: it is
 * gone, or not known to be anywhere. */
static int find_out(const GcProject *p, bool *ret_gone, char **ret_root, Error *reterr) {
        size_t known = 0, known_removed = 0, strange = 0, strange_removed = 0;
        CheckoutFate fate = CHECKOUT_LOST;
        int r;

        r = count_running(p, p->machines, &known, &known_removed, reterr);
        if (r >= 0)
                r = count_running(p, p->strange, &strange, &strange_removed, reterr);
        if (r < 0)
                return r;
        if (p->claimed)
                fate = checkout_find(&p->checkout, ret_root);
        if (fate == CHECKOUT_GONE)
                strv_push(&p->gc->gone, p->checkout.path);
        if (fate == CHECKOUT_THERE)
                *ret_root = xstrdup(p->checkout.path);
        *ret_gone = false;
        if (*ret_root)
                return 0;
        if (fate != CHECKOUT_GONE) {
                if (known != known_removed || (fate == CHECKOUT_HIDDEN && known + strange == 0))
                        return 0;
                /* Of a command that works on nothing that runs. Where there are locks and nothing else, it
                 * makes no difference whose they were: the next command makes them again. */
                if (!p->claimed && !p->machines && !p->strange) {
                        *ret_gone = p->only_locks;
                        return 0;
                }
        }
        *ret_gone = strange == strange_removed;
        return 0;
}

/* ---- locks ---- */

static void say_busy(const GcProject *p, const Error *error) {
        _cleanup_free_ char *text = error_text(error);

        /* What a command still holds is not left over, and no news. */
        if (p->only_locks)
                return;
        strv_pushf(&p->gc->notes, "%s: left alone: %s", p->id, text);
}

static Lock *free_locks(Lock *locks, size_t n) {
        for (size_t i = 0; i < n; i++)
                lock_release(&locks[i]);
        free(locks);
        return NULL;
}

/* Return: 1 they are held, 0 a command holds one of them, or a negative errno. */
static int take_lock(const GcProject *p, const char *name, Lock *ret, Error *reterr) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        int r = lock_acquire(p->runtime_fd, name, "gc", p->gc->patience_usec, NULL, NULL, ret, &error);

        if (r >= 0)
                return 1;
        if (error.exit != FC_EXIT_CONFLICT) {
                error_move(reterr, &error);
                return r;
        }
        say_busy(p, &error);
        return 0;
}

/* All of the project's, in the order of their names, as every command takes them. */
static int take_locks(const GcProject *p, Lock **ret, size_t *ret_n, Error *reterr) {
        size_t n = strv_length(p->names) + 1;
        Lock *locks = xnew0(Lock, n);
        int r = 1;

        for (size_t i = 0; i < n; i++)
                locks[i] = LOCK_NULL;
        for (size_t i = 0; r > 0 && i < n; i++)
                r = take_lock(p, i + 1 < n ? p->names[i] : LOCK_PROJECT, &locks[i], reterr);
        if (r <= 0) {
                (void) free_locks(locks, n);
                return r;
        }
        *ret = locks;
        *ret_n = n;
        return 1;
}

/* ---- a project that is gone ---- */

static void say_gone(const GcProject *p, const char *kind, const char *name) {
        _cleanup_free_ char *why = p->claimed ? xasprintf("'%s' is gone", p->checkout.path)
                                   : p->only_locks && !p->machines && !p->strange
                                           ? xstrdup("it holds nothing but locks")
                                           : xstrdup("its project is gone");

        gc_say(p->gc, kind, name, why);
}

/* Those of its networks that were there; owned by the caller. */
static char **its_bridges(const GcProject *p) {
        _cleanup_free_ char *first = identity_bridge_name(p->id);
        char **bridges = NULL;

        STRV_FOREACH (bridge, p->gc->bridges)
                if (router_is_sibling(first, *bridge))
                        strv_push(&bridges, *bridge);
        return bridges;
}

static void say_directory_gone(const GcProject *p) {
        _cleanup_free_ char *directory = xasprintf(RUNTIME_DIR_BASE "/%s", p->id);

        say_gone(p, "directory", directory);
}

/* What bury_locked() would say. */
static void say_all_gone(const GcProject *p) {
        _cleanup_strv_ char **bridges = its_bridges(p);

        STRV_FOREACH (machine, p->machines)
                say_gone(p, "machine", *machine);
        STRV_FOREACH (machine, p->strange)
                say_gone(p, "machine", *machine);
        STRV_FOREACH (bridge, bridges)
                say_gone(p, "bridge", *bridge);
        if (p->runtime_fd >= 0)
                say_directory_gone(p);
}

/* @say: they have left something, which was seen. */
static int end_machines(const GcProject *p, char *const *machines, bool say, Error *reterr) {
        STRV_FOREACH (machine, machines) {
                int r = machine_kill(p->gc->facts.cgroup_root, *machine, reterr);

                if (r >= 0)
                        r = nspawn_clear_leftovers(*machine, reterr);
                if (r >= 0)
                        r = old_port_remove(*machine, reterr);
                if (r < 0)
                        return error_prefix(reterr, r, "machine '%s'", *machine);
                if (say)
                        say_gone(p, "machine", *machine);
        }
        return 0;
}

/* What tells the next run that it is gone is removed last. The locks are held. */
static int bury_locked(const GcProject *p, bool had_directory, Error *reterr) {
        _cleanup_free_ char *first = identity_bridge_name(p->id);
        _cleanup_strv_ char **named = NULL, **bridges = its_bridges(p);
        _cleanup_close_ int alone = -EBADF, base = -EBADF;
        int r;

        STRV_FOREACH (name, p->names)
                strv_push_take(&named, identity_machine_name(p->id, *name));
        r = end_machines(p, p->machines, /* say= */ true, reterr);
        if (r >= 0)
                r = end_machines(p, p->strange, /* say= */ true, reterr);
        /* And those that left nothing in their cgroup: a gc that was killed has removed that first. */
        if (r >= 0)
                r = end_machines(p, named, /* say= */ false, reterr);
        if (r >= 0)
                r = network_hold_alone(p->gc->facts.cgroup_root, p->id, p->runtime_fd, &alone, reterr);
        if (r < 0)
                return r;
        if (alone < 0)
                return error_raise(reterr, FC_EXIT_CONFLICT, "another command has begun to use '%s'", p->id);
        r = router_remove(first, /* ret_removed= */ NULL, reterr);
        STRV_FOREACH (bridge, bridges) {
                if (r >= 0)
                        r = router_remove(*bridge, /* ret_removed= */ NULL, reterr);
                /* Where machines are units, the end of the last one has removed it. */
                if (r >= 0 && if_nametoindex(*bridge) == 0)
                        say_gone(p, "bridge", *bridge);
        }
        if (r < 0)
                return r;
        if (!p->gc->holds_base)
                r = runtime_dir_lock_base(RUNTIME_DIR_BASE, GC_BASE_TIMEOUT_USEC, &base, reterr);
        if (r >= 0)
                r = runtime_dir_remove(RUNTIME_DIR_BASE, p->id, reterr);
        if (r >= 0 && had_directory)
                say_directory_gone(p);
        return r;
}

/* Has an `up` of another checkout been faster? */
static bool is_claimed_anew(const GcProject *p) {
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
                say_all_gone(p);
                return 0;
        }
        /* Where there was none it is made for the locks, by which commands are kept out. */
        if (!has_directory)
                p->runtime_fd = runtime_dir_make(RUNTIME_DIR_BASE, p->id, /* owner= */ 0, reterr);
        if (p->runtime_fd < 0)
                return p->runtime_fd;
        r = take_locks(p, &locks, &n, reterr);
        if (r <= 0)
                return r;
        if (!is_claimed_anew(p))
                r = bury_locked(p, has_directory, reterr);
        (void) free_locks(locks, n);
        return r;
}

/* ---- a project that is there ---- */

/* Return: 1 it does not run, and nothing starts it while the lock is held; 0; or a negative errno. */
static int hold_stopped(const GcProject *p, const char *name, Lock *ret, Error *reterr) {
        _cleanup_free_ char *machine = identity_machine_name(p->id, name);
        MachineStatus status;
        int r = gc_query(p, machine, &status, reterr);

        if (r < 0 || status.running)
                return r;
        if (p->gc->dry_run)
                return 1;
        r = take_lock(p, name, ret, reterr);
        if (r <= 0)
                return r;
        r = gc_query(p, machine, &status, reterr);
        return r < 0 ? r : !status.running;
}

/* A cgroup that outlives a supervisor. */
static int tidy_machine(const GcProject *p, const char *name, Error *reterr) {
        _cleanup_free_ char *machine = identity_machine_name(p->id, name);
        _cleanup_(lock_release) Lock lock = LOCK_NULL;
        int r;

        if (!strv_contains(p->machines, machine))
                return 0;
        r = hold_stopped(p, name, &lock, reterr);
        if (r <= 0)
                return r;
        r = p->gc->dry_run ? 0 : machine_kill(p->gc->facts.cgroup_root, machine, reterr);
        if (r >= 0 && !p->gc->dry_run)
                r = old_port_remove(machine, reterr);
        if (r >= 0)
                gc_say(p->gc, "machine", machine, "it was killed");
        return r;
}

static int tidy_network(const GcProject *p, Error *reterr) {
        _cleanup_strv_ char **machines = NULL, **bridges = its_bridges(p);
        _cleanup_close_ int alone = -EBADF;
        bool removed = p->gc->dry_run;
        int r;

        if (p->runtime_fd < 0 || !bridges)
                return 0;
        r = network_hold_alone(p->gc->facts.cgroup_root, p->id, p->runtime_fd, &alone, reterr);
        if (r < 0 || alone < 0)
                return r;
        alone = safe_close(alone);
        STRV_FOREACH (name, p->names)
                strv_push_take(&machines, identity_machine_name(p->id, *name));
        if (!p->gc->dry_run)
                r = network_release(p->gc->facts.cgroup_root, p->id, p->runtime_fd, machines, &removed,
                                    reterr);
        STRV_FOREACH (bridge, r >= 0 && removed ? bridges : NULL)
                gc_say(p->gc, "bridge", *bridge, "nothing of its project runs");
        return r;
}

static int tidy_ephemeral(const GcProject *p, const StateDir *state, const char *name, Error *reterr) {
        _cleanup_(lock_release) Lock lock = LOCK_NULL;
        _cleanup_close_ int fd = -EBADF;
        _cleanup_free_ char *path = NULL;
        int r;

        r = state_dir_container_open(state, name, &fd, reterr);
        if (r < 0 || fd < 0 || !ephemeral_exists(fd))
                return r;
        r = hold_stopped(p, name, &lock, reterr);
        if (r <= 0)
                return r;
        path = xasprintf("%s/" STATE_DIR_NAME "/%s/" EPHEMERAL_DIR, state->root, name);
        r = p->gc->dry_run ? 0 : ephemeral_remove(fd, reterr);
        if (r >= 0)
                gc_say(p->gc, "tree", path, "its container was killed");
        return r;
}

static int tidy_trash(const GcProject *p, const StateDir *state, Error *reterr) {
        _cleanup_free_ char *trash = xasprintf("%s/" STATE_DIR_NAME "/" TRASH_DIR, state->root);
        int r = 0;

        if (!trash_is_left(state->fd))
                return 0;
        if (!p->gc->dry_run)
                r = trash_empty(state->fd, /* wait= */ false, NULL, NULL, reterr);
        /* Another command may have begun to empty it meanwhile. */
        if (r >= 0 && (p->gc->dry_run || !trash_is_used(state->fd)))
                gc_say(p->gc, "tree", trash, "a command was killed while it removed it");
        return r;
}

/* One directory has two ids in /run where its state was removed and it got another path. What runs in it
 * runs under the one that was written there last, and under the other one nothing seems to run. The
 * project's word need not be believed for it: it only keeps us from removing more. */
static int runs_under(const GcProject *p, const StateDir *state, bool *ret, Error *reterr) {
        _cleanup_(project_state_freep) ProjectState *now = NULL;
        int r = project_state_load(state->fd, &state->user, &now, reterr);

        if (r < 0)
                return error_prefix(reterr, r, "project '%s'", state->root);
        *ret = now && streq_ptr(now->id, p->id);
        return 0;
}

static int tidy_instance(const GcProject *p, const StateDir *state, const char *name, bool known,
                         Error *reterr) {
        const Project project = {
                .root = state->root,
                .user = p->gc->user,
                .facts = p->gc->facts,
                .state = *state,
        };
        _cleanup_free_ char *path = instance_path(state->root, name);
        bool dead;
        int r = instance_collect(&project, name, p->gc, known, &dead, reterr);

        if (r >= 0 && dead)
                gc_say(p->gc, "instance", path, "the command that it was made for has ended");
        return r;
}

/* Those that nothing in /run leads to, as after a boot of the host. */
static int tidy_instances(const GcProject *p, const StateDir *state, Error *reterr) {
        _cleanup_strv_ char **names = NULL;
        int r = instances_list(state, &names, reterr);

        STRV_FOREACH (name, names)
                if (r >= 0)
                        r = tidy_instance(p, state, *name, /* known= */ true, reterr);
        return r;
}

/* The one that p is. */
static int tidy_own_instance(const GcProject *p, const char *root, const char *name, Error *reterr) {
        _cleanup_(state_dir_done) StateDir state = STATE_DIR_NULL;
        struct stat st;
        int r = state_dir_open(root, &p->gc->user, &state, reterr);

        if (r < 0 || state.fd < 0 || fstat(state.root_fd, &st) < 0 || st.st_uid != p->gc->user.uid)
                return r;
        return tidy_instance(p, &state, name, /* known= */ false, reterr);
}

static int tidy_trees(const GcProject *p, const StateDir *state, Error *reterr) {
        _cleanup_strv_ char **names = NULL;
        bool runs_here = false;
        int r;

        if (state->fd < 0)
                return 0;
        r = tidy_instances(p, state, reterr);
        if (r >= 0)
                r = tidy_trash(p, state, reterr);
        /* Only what ran since the host was booted has a lock there to be asked. */
        if (r < 0 || !p->claimed)
                return r;
        r = runs_under(p, state, &runs_here, reterr);
        if (r < 0 || !runs_here)
                return r;
        r = state_dir_list(state, &names, reterr);
        STRV_FOREACH (name, names)
                if (r >= 0)
                        r = tidy_ephemeral(p, state, *name, reterr);
        return r;
}

/* Is this the project's directory, and does it belong to the user who asks? Root works for its users as they
 * ask, and for itself. */
static bool is_the_users(const GcProject *p, int root_fd) {
        _cleanup_(checkout_done) Checkout now = {};
        struct stat st;

        return root_fd >= 0 && fstat(root_fd, &st) >= 0 && st.st_uid == p->gc->user.uid &&
               checkout_look(root_fd, p->checkout.path, &now, NULL) >= 0 &&
               checkout_is_same(&p->checkout, &now);
}

int gc_project_tidy(GcProject *p, const char *root, Error *reterr) {
        _cleanup_close_ int fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
        _cleanup_(state_dir_done) StateDir state = STATE_DIR_NULL;
        _cleanup_free_ char *whole = NULL, *instance = NULL;
        int r = 0;

        if (!is_the_users(p, fd))
                return 0;
        if (instance_path_parse(root, &whole, &instance))
                return tidy_own_instance(p, whole, instance, reterr);
        STRV_FOREACH (name, p->names)
                if (r >= 0)
                        r = tidy_machine(p, *name, reterr);
        if (r >= 0)
                r = tidy_network(p, reterr);
        if (r >= 0)
                r = state_dir_open(root, &p->gc->user, &state, reterr);
        /* Another user may have put another directory, or a link, at the path by now. */
        if (r < 0 || !is_the_users(p, state.root_fd))
                return r;
        return tidy_trees(p, &state, reterr);
}

int gc_project_clean(GcProject *p, Error *reterr) {
        _cleanup_free_ char *root = NULL;
        bool gone;
        int r = find_out(p, &gone, &root, reterr);

        if (r < 0)
                return r;
        if (gone)
                return gc_project_bury(p, reterr);
        return root ? gc_project_tidy(p, root, reterr) : 0;
}
