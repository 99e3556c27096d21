/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "base/alloc.h"
#include "base/strv.h"
#include "boot/boot-place.h"
#include "boot/boot.h"
#include "image/made-image.h"
#include "machine/machine.h"
#include "net/router.h"
#include "project/root.h"
#include "screen/error-print.h"
#include "state/gc-root.h"
#include "state/identity.h"
#include "state/mounted.h"
#include "state/runtime-dir.h"
#include "storage/gc-bury.h"
#include "storage/gc-tidy.h"
#include "storage/gc.h"

#define NIX_STORE "/nix/store"

/* ---- the projects that have something on the machine ---- */

typedef struct Projects {
        GcProject *entries;
        size_t n;
} Projects;

static void projects_done(Projects *all) {
        for (size_t i = 0; i < all->n; i++)
                gc_project_done(&all->entries[i]);
        free(all->entries);
}

static GcProject *projects_find(const Projects *all, const char *id) {
        for (size_t i = 0; i < all->n; i++)
                if (streq(all->entries[i].id, id))
                        return &all->entries[i];
        return NULL;
}

static int projects_add(Projects *all, Gc *gc, const char *id, Error *reterr) {
        GcProject p;
        int r = gc_project_open(gc, id, &p, reterr);

        if (r >= 0)
                *XGROW(all->entries, all->n) = p;
        return r;
}

/* By the container whose name makes this one. NULL where that is none, or more than one. */
static GcProject *gc_find_owner(const Projects *all, const char *machine) {
        GcProject *found = NULL;

        for (size_t i = 0; i < all->n; i++)
                STRV_FOREACH (name, all->entries[i].names) {
                        _cleanup_free_ char *its = identity_machine_name(all->entries[i].id, *name);

                        if (!streq(its, machine))
                                continue;
                        if (found)
                                return NULL;
                        found = &all->entries[i];
                }
        return found;
}

static int gc_add_machine(Projects *all, Gc *gc, const char *machine, Error *reterr) {
        GcProject *owner = gc_find_owner(all, machine);
        _cleanup_free_ char *id = NULL;
        int r;

        if (owner) {
                strv_push(&owner->machines, machine);
                return 0;
        }
        id = identity_of_machine(machine);
        if (!id)
                return 0;
        r = projects_find(all, id) ? 0 : projects_add(all, gc, id, reterr);
        if (r >= 0)
                strv_push(&projects_find(all, id)->strange, machine);
        return r;
}

static int gc_compare(const void *a, const void *b) {
        return strcmp(*(char *const *) a, *(char *const *) b);
}

/* In this order: what has a bridge or a machine when these are listed has a directory when that is. */
static int gc_find_projects(Gc *gc, Projects *all, Error *reterr) {
        _cleanup_strv_ char **ids = NULL;
        int r;

        r = router_list(&gc->bridges, reterr);
        if (r >= 0)
                r = machine_list_left(gc->facts.cgroup_root, &gc->machines, reterr);
        if (r >= 0)
                r = runtime_dir_list(RUNTIME_DIR_BASE, &ids, reterr);
        if (r < 0)
                return r;
        if (ids)
                qsort(ids, strv_length(ids), sizeof(*ids), gc_compare);
        if (gc->machines)
                qsort(gc->machines, strv_length(gc->machines), sizeof(*gc->machines), gc_compare);
        STRV_FOREACH (id, ids)
                if (r >= 0)
                        r = projects_add(all, gc, *id, reterr);
        STRV_FOREACH (machine, gc->machines)
                if (r >= 0)
                        r = gc_add_machine(all, gc, *machine, reterr);
        return r;
}

/* ---- is one of them gone? ---- */

/* How many of these machines run, and how many of those on a root that was removed. A machine that waits to
 * be started again has no process that could be asked. */
static int gc_count_running(const GcProject *p, char *const *machines, size_t *running, size_t *removed,
                            Error *reterr) {
        STRV_FOREACH (machine, machines) {
                MachineStatus status;
                int r = gc_project_query(p, *machine, &status, reterr);

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
static int gc_find_out(const GcProject *p, bool *ret_gone, char **ret_root, Error *reterr) {
        size_t known = 0, known_removed = 0, strange = 0, strange_removed = 0;
        CheckoutFate fate = CHECKOUT_LOST;
        int r;

        r = gc_count_running(p, p->machines, &known, &known_removed, reterr);
        if (r >= 0)
                r = gc_count_running(p, p->strange, &strange, &strange_removed, reterr);
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

static int gc_clean_project(GcProject *p, Error *reterr) {
        _cleanup_free_ char *root = NULL;
        bool gone;
        int r = gc_find_out(p, &gone, &root, reterr);

        if (r < 0)
                return r;
        if (gone)
                return gc_project_bury(p, reterr);
        return root ? gc_project_tidy(p, root, reterr) : 0;
}

/* ---- what belongs to no project ---- */

static int gc_clean_bridges(Gc *gc, const Projects *all, Error *reterr) {
        int r = 0;

        STRV_FOREACH (bridge, gc->bridges) {
                bool known = false, used = true, removed = gc->dry_run;

                for (size_t i = 0; !known && i < all->n; i++) {
                        _cleanup_free_ char *its = identity_bridge_name(all->entries[i].id);

                        known = router_is_sibling(its, *bridge);
                }
                if (known)
                        continue;
                r = router_is_used(*bridge, &used, reterr);
                if (r < 0)
                        return r;
                if (used)
                        continue;
                r = gc->dry_run ? 0 : router_remove(*bridge, &removed, reterr);
                if (r < 0)
                        return r;
                if (removed)
                        gc_say(gc, "bridge", *bridge, "its project is gone");
        }
        return r;
}

static int gc_clean_directories(Gc *gc, Error *reterr) {
        _cleanup_strv_ char **paths = NULL;
        int r = runtime_dir_finish(RUNTIME_DIR_BASE, gc->dry_run, &paths, reterr);

        STRV_FOREACH (path, paths)
                gc_say(gc, "directory", *path, "a command was killed while it removed it");
        return r;
}

static int gc_clean_store(Gc *gc, const char *store, Error *reterr) {
        _cleanup_strv_ char **links = NULL;
        int r = gc_root_list_stale(store, gc->gone, &links, reterr);

        for (size_t i = 0; r >= 0 && links && links[i]; i += 2) {
                _cleanup_free_ char *why = xasprintf("'%s' is gone", links[i + 1]);
                bool removed = gc->dry_run;

                if (!gc->dry_run)
                        r = gc_root_remove_stale(store, gc->gone, links[i], &removed, reterr);
                if (r >= 0 && removed)
                        gc_say(gc, "GC root", links[i], why);
        }
        return r;
}

static int gc_clean_roots(Gc *gc, Error *reterr) {
        char program[PATH_MAX];
        ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 1);
        _cleanup_free_ char *store = NULL;
        int r = gc_clean_store(gc, NIX_STORE, reterr);

        if (r < 0 || n < 0)
                return r;
        program[n] = '\0';
        store = gc_root_store_of(program);
        return store && !streq(store, NIX_STORE) ? gc_clean_store(gc, store, reterr) : 0;
}

/* ---- units of projects that are gone ---- */

static int gc_clean_units(Gc *gc, Error *reterr) {
        _cleanup_(boot_list_done) BootList list = {};
        _cleanup_free_ char *directory = boot_place_directory(gc->facts.rootless);
        int r = boot_list_gather(directory, &list, reterr);

        for (size_t i = 0; r >= 0 && i < list.n; i++) {
                const BootEntry *e = &list.entries[i];
                _cleanup_free_ char *path = NULL, *why = xasprintf("'%s' is gone", e->checkout.path);

                if (checkout_find(&e->checkout, &path) != CHECKOUT_GONE)
                        continue;
                r = gc->dry_run ? 0 : boot_remove(e, gc->facts.rootless, reterr);
                if (r >= 0)
                        gc_say(gc, "unit", e->name, why);
        }
        return r;
}

/* ---- the project where the user is ---- */

/* Return: an fd, -EBADF: the user is in no project. */
static int gc_open_here(const char *given, char **ret_root) {
        _cleanup_free_ char *root = NULL;
        int fd;

        if (given)
                root = realpath(given, NULL);
        else
                (void) project_root_find(".", NULL, &root, NULL);
        fd = root ? open(root, O_PATH | O_DIRECTORY | O_CLOEXEC) : -EBADF;
        if (fd < 0)
                return -EBADF;
        *ret_root = TAKE_PTR(root);
        return fd;
}

/* It may have run last before the host was booted, and then has nothing in /run. */
static int gc_clean_here(Gc *gc, const Projects *all, const char *given, Error *reterr) {
        _cleanup_(gc_project_done) GcProject p = {.gc = gc, .runtime_fd = -EBADF};
        _cleanup_free_ char *root = NULL;
        _cleanup_close_ int fd = gc_open_here(given, &root);
        int r;

        if (fd < 0)
                return 0;
        p.id = identity_project_id(root, 0);
        r = checkout_look(fd, root, &p.checkout, reterr);
        if (r < 0)
                return r;
        for (size_t i = 0; i < all->n; i++)
                if (checkout_is_same(&all->entries[i].checkout, &p.checkout))
                        return 0;
        return gc_project_tidy(&p, root, reterr);
}

/* ---- all of it ---- */

/* What cannot be done in one place is said, and all others are done. */
static void gc_note_result(const Gc *gc, int r, Error *error, int *status) {
        if (r >= 0)
                return;
        report_error(stderr, error, gc->progress);
        if (*status == FC_EXIT_OK)
                *status = error->exit;
        error_done(error);
}

int gc_run(Gc *gc, const char *root, Error *reterr) {
        _cleanup_(projects_done) Projects all = {};
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_close_ int base = -EBADF;
        int status = FC_EXIT_OK, r;

        r = user_invoking(&gc->user, reterr);
        if (r >= 0)
                r = facts_gather(&gc->facts, reterr);
        if (r >= 0)
                r = facts_require(&gc->facts, FACTS_CGROUP, reterr);
        /* Two at a time would report the same things. */
        if (r >= 0 && !gc->dry_run)
                r = runtime_dir_lock_base(RUNTIME_DIR_BASE, GC_BASE_TIMEOUT_USEC, &base, reterr);
        gc->holds_base = base >= 0;
        if (r >= 0)
                r = gc_find_projects(gc, &all, reterr);
        if (r < 0)
                return r;
        for (size_t i = 0; i < all.n; i++)
                gc_note_result(gc, gc_clean_project(&all.entries[i], &error), &error, &status);
        gc_note_result(gc, gc_clean_units(gc, &error), &error, &status);
        gc_note_result(gc, gc_clean_bridges(gc, &all, &error), &error, &status);
        gc_note_result(gc, gc_clean_here(gc, &all, root, &error), &error, &status);
        gc_note_result(gc, gc_clean_directories(gc, &error), &error, &status);
        gc_note_result(gc, gc_clean_roots(gc, &error), &error, &status);
        gc_note_result(gc, made_image_clean(gc, &error), &error, &status);
        return status;
}
