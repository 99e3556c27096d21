/* SPDX-License-Identifier: MIT */

#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "context/identify.h"
#include "machine/machine.h"
#include "project/instance-dir.h"
#include "state/runtime-dir.h"
#include "storage/gc-bury.h"
#include "storage/instances.h"

/* A command that looks at a container holds its lock for a moment. */
#define PATIENCE_USEC (30 * USEC_PER_SEC)

/* ---- removing ---- */

int instance_bury(const HostFacts *facts, const char *id, bool holds_base, Error *reterr) {
        Gc gc = {.facts = *facts, .holds_base = holds_base, .patience_usec = PATIENCE_USEC};
        GcProject p;
        int r = gc_project_open(&gc, id, &p, reterr);

        if (r < 0)
                return r;
        r = gc_project_bury(&p, reterr);
        gc_project_done(&p);
        if (r >= 0 && gc.notes)
                r = error_raise(reterr, FC_EXIT_CONFLICT, "%s", gc.notes[0]);
        gc.facts = (HostFacts){};
        gc_done(&gc);
        return r;
}

int instance_remove(const HostFacts *facts, const StateDir *whole, const char *name, const char *id,
                    bool holds_base, Error *reterr) {
        int r = instance_bury(facts, id, holds_base, reterr);

        /* By its directory it is found, so that is the last to go. */
        return r < 0 ? error_prefix(reterr, r, "fresh instance '%s'", name)
                     : instance_dir_remove(whole, name, reterr);
}

/* ---- those that there are ---- */

/* One of them as a project, of which it borrows all else. */
static int instance_view(const Project *of, const char *name, Project *ret, Error *reterr) {
        _cleanup_free_ char *path = instance_path(of->root, name);
        int r;

        *ret = *of;
        ret->id = NULL;
        ret->checkout = (Checkout){};
        ret->state = STATE_DIR_NULL;
        r = instance_dir_open(&of->state, name, &ret->state, reterr);
        if (r >= 0 && ret->state.fd >= 0)
                r = checkout_look(ret->state.fd, path, &ret->checkout, reterr);
        return r < 0 || ret->state.fd < 0 ? r : project_identify(ret, reterr);
}

static void instance_view_done(Project *view) {
        free(view->id);
        checkout_done(&view->checkout);
        state_dir_done(&view->state);
}

/* Then the lock is of a directory that another process has moved away. */
static bool instance_is_being_removed(const char *id, int fd) {
        _cleanup_close_ int now_fd = -EBADF;
        struct stat st, now;

        return runtime_dir_open(RUNTIME_DIR_BASE, id, &now_fd, NULL) < 0 || now_fd < 0 ||
               fstat(fd, &st) < 0 || fstat(now_fd, &now) < 0 || st.st_dev != now.st_dev ||
               st.st_ino != now.st_ino;
}

/* Return: 1 it is dead, and nothing else removes it while the lock is held; 0 it lives, or another process
 * removes it. */
static int instance_take_dead(const Project *project, const char *id, Lock *ret, Error *reterr) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_close_ int fd = -EBADF;
        int r = runtime_dir_make(RUNTIME_DIR_BASE, id, project->state.user.uid, reterr);

        if (r < 0)
                return r;
        fd = r;
        r = lock_acquire(fd, LOCK_INSTANCE, "gc", /* timeout_usec= */ 0, NULL, NULL, ret, &error);
        if (r >= 0)
                return !instance_is_being_removed(id, fd);
        if (r == -ENOENT || error.exit == FC_EXIT_CONFLICT)
                return 0;
        error_move(reterr, &error);
        return r;
}

/* Without a look that changes anything: one whose directory in /run is gone is dead as well. */
static int instance_is_dead(const char *id, bool *ret, Error *reterr) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_(lock_release) Lock lock = LOCK_NULL;
        _cleanup_close_ int fd = -EBADF;
        int r = runtime_dir_open(RUNTIME_DIR_BASE, id, &fd, reterr);

        *ret = r >= 0 && fd < 0;
        if (r < 0 || fd < 0)
                return r;
        r = lock_acquire(fd, LOCK_INSTANCE, "status", /* timeout_usec= */ 0, NULL, NULL, &lock, &error);
        *ret = r >= 0 || r == -ENOENT;
        if (*ret || error.exit == FC_EXIT_CONFLICT)
                return 0;
        error_move(reterr, &error);
        return r;
}

/* Then `gc` finds it by its directory in /run, too. */
static int instance_is_known(const char *id, bool *ret, Error *reterr) {
        _cleanup_(checkout_done) Checkout checkout = {};
        _cleanup_close_ int fd = -EBADF;
        int r = runtime_dir_open(RUNTIME_DIR_BASE, id, &fd, reterr);

        *ret = r >= 0 && fd >= 0 && runtime_dir_read_claim(fd, &checkout);
        return r;
}

int instance_collect(const Project *project, const char *name, const Gc *gc, bool known, bool *ret,
                     Error *reterr) {
        _cleanup_(instance_view_done) Project view;
        _cleanup_(lock_release) Lock lock = LOCK_NULL;
        bool is_known = false;
        int r = instance_view(project, name, &view, reterr);

        *ret = false;
        if (r >= 0 && view.state.fd >= 0 && known)
                r = instance_is_known(view.id, &is_known, reterr);
        if (r < 0 || view.state.fd < 0 || is_known)
                return r;
        if (gc->dry_run)
                return instance_is_dead(view.id, ret, reterr);
        r = instance_take_dead(project, view.id, &lock, reterr);
        if (r <= 0)
                return r;
        r = instance_remove(&project->facts, &project->state, name, view.id, gc->holds_base, reterr);
        *ret = r >= 0;
        return r;
}

int instance_collect_all(const Project *project, Error *reterr) {
        _cleanup_strv_ char **names = NULL;
        const Gc gc = {};
        int r = instances_list(&project->state, &names, reterr);

        STRV_FOREACH (name, names) {
                bool removed;

                if (r >= 0)
                        r = instance_collect(project, *name, &gc, /* known= */ false, &removed, reterr);
        }
        return r;
}

void instance_list_done(InstanceList *list) {
        for (size_t i = 0; i < list->n; i++) {
                free(list->entries[i].name);
                free(list->entries[i].id);
                strv_free(list->entries[i].running);
        }
        free(list->entries);
        *list = (InstanceList){};
}

static int instance_list_add(const Project *project, const char *name, char *const *machines,
                             InstanceList *list, Error *reterr) {
        _cleanup_(instance_view_done) Project view;
        FoundInstance *found;
        int r = instance_view(project, name, &view, reterr);

        if (r < 0 || view.state.fd < 0)
                return r;
        found = XGROW(list->entries, list->n);
        *found = (FoundInstance){.name = xstrdup(name), .id = xstrdup(view.id)};
        STRV_FOREACH (machine, machines) {
                const char *rest = startswith(*machine, view.id);

                if (rest && rest[0] == '-')
                        strv_push(&found->running, rest + 1);
        }
        return geteuid() == 0 ? instance_is_dead(view.id, &found->dead, reterr) : 0;
}

int instance_list(const Project *project, InstanceList *ret, Error *reterr) {
        _cleanup_(instance_list_done) InstanceList list = {};
        _cleanup_strv_ char **names = NULL, **machines = NULL;
        int r = instances_list(&project->state, &names, reterr);

        if (r >= 0 && names && project->facts.cgroup_root)
                r = machine_list(project->facts.cgroup_root, &machines, reterr);
        STRV_FOREACH (name, names)
                if (r >= 0)
                        r = instance_list_add(project, *name, machines, &list, reterr);
        if (r < 0)
                return r;
        *ret = list;
        list = (InstanceList){};
        return 0;
}
