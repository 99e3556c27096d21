/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "context/fresh-spec.h"
#include "context/gc-bury.h"
#include "context/identify.h"
#include "context/instance.h"
#include "context/snapshot-copy.h"
#include "context/snapshot-text.h"
#include "machine/machine.h"
#include "project/instance-dir.h"
#include "project/snapshot-dir.h"
#include "state/identity.h"
#include "state/runtime-dir.h"

/* A command that looks at a container holds its lock for a moment. */
/* In its directory: the label of the snapshot that it has begun as. */
#define FROM_FILE "from"

#define PATIENCE_USEC (30 * USEC_PER_SEC)

/* ---- removing ---- */

/* All that an id has on the machine. @holds_base: as in Gc. */
static int instance_bury(const HostFacts *facts, const char *id, bool holds_base, Error *reterr) {
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

/* Its directory is the last to go: by that it is found. */
static int instance_remove(const HostFacts *facts, const StateDir *whole, const char *name, const char *id,
                           bool holds_base, Error *reterr) {
        int r = instance_bury(facts, id, holds_base, reterr);

        return r < 0 ? error_prefix(reterr, r, "fresh instance '%s'", name)
                     : instance_dir_remove(whole, name, reterr);
}

int instance_end(Project *project, Instance *instance, Error *reterr) {
        int r = 0;

        /* Its sources may lie in it. */
        project->snapshot_fd = safe_close(project->snapshot_fd);
        if (project->state.instance && instance->lock.fd >= 0)
                r = instance_remove(&project->facts, &project->whole, project->state.instance, project->id,
                                    /* holds_base= */ false, reterr);
        lock_release(&instance->lock);
        instance->label_fd = safe_close(instance->label_fd);
        return r;
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

static int instance_collect_all(const Project *project, Error *reterr) {
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

/* ---- making ---- */

int instance_enter(Project *project, const char *name, Error *reterr) {
        _cleanup_(state_dir_done) StateDir state = STATE_DIR_NULL;
        _cleanup_free_ char *path = instance_path(project->root, name);
        int r = instance_dir_open(&project->state, name, &state, reterr);

        if (r >= 0 && state.fd < 0)
                r = error_raise(reterr, FC_EXIT_NOT_RUNNING, "there is no fresh instance '%s'", name);
        if (r < 0)
                return r;
        checkout_done(&project->checkout);
        project->whole = project->state;
        project->state = state;
        state = STATE_DIR_NULL;
        return checkout_look(project->state.fd, path, &project->checkout, reterr);
}

static int instance_claim(const Project *project, int runtime_fd, Error *reterr) {
        _cleanup_(lock_release) Lock lock = LOCK_NULL;
        int r = lock_acquire(runtime_fd, LOCK_PROJECT, "with", PATIENCE_USEC, NULL, NULL, &lock, reterr);

        return r < 0 ? r
                     : runtime_dir_claim(runtime_fd, project->id, &project->checkout, /* in_use= */ false,
                                         reterr);
}

/* From here on it is found, wherever `gc` is run, and is not dead. */
static int instance_make(Project *project, Instance *instance, Error *reterr) {
        _cleanup_free_ char *name = instance_name_draw(project->root),
                            *path = instance_path(project->root, name), *id = identity_project_id(path, 0);
        _cleanup_(state_dir_done) StateDir state = STATE_DIR_NULL;
        _cleanup_close_ int fd = runtime_dir_make(RUNTIME_DIR_BASE, id, project->state.user.uid, reterr);
        int r = fd;

        if (r >= 0)
                r = lock_acquire(fd, LOCK_INSTANCE, "with", /* timeout_usec= */ 0, NULL, NULL,
                                 &instance->lock, reterr);
        if (r >= 0)
                r = instance_dir_make(&project->state, name, &state, reterr);
        if (r < 0) {
                if (instance->lock.fd >= 0)
                        (void) instance_bury(&project->facts, id, /* holds_base= */ false, NULL);
                return r;
        }
        project->whole = project->state;
        project->state = state;
        state = STATE_DIR_NULL;
        free(project->id);
        project->id = TAKE_PTR(id);
        free(project->started_root);
        project->started_root = NULL;
        checkout_done(&project->checkout);
        r = checkout_look(project->state.fd, path, &project->checkout, reterr);
        return r < 0 ? r : instance_claim(project, fd, reterr);
}

static int instance_check_label(const SnapshotManifest *manifest, const char *label, char *const *asked,
                                bool named, Error *reterr) {
        const char *missing = NULL;
        bool any = false;

        STRV_FOREACH (name, asked) {
                bool has = snapshot_manifest_container(manifest, *name);

                any = any || has;
                missing = has || missing ? missing : *name;
        }
        return missing && (named || !any) ? snapshot_raise_without(manifest, label, missing, reterr) : 0;
}

static int instance_copy_volume(Project *project, char *const *names, const char *volume, Error *reterr) {
        _cleanup_(progress_freep) Progress *progress = progress_new(project->progress, stderr, names);
        _cleanup_free_ char *shown = xasprintf("@%s", volume);
        _cleanup_close_ int from = -EBADF, to = -EBADF;
        uint64_t bytes = 0;
        int r = from =
                fs_open_beneath(project->snapshot_fd, SNAPSHOT_VOLUMES, O_RDONLY | O_DIRECTORY, 0, reterr);

        if (r >= 0)
                r = to = state_dir_volumes_make(&project->state, reterr);
        return r < 0 ? r
                     : snapshot_copy(from, volume, to, volume, shown, PHASE_RESTORING, progress, &bytes,
                                     reterr);
}

static int instance_take_snapshot(Project *project, char *const *names, char *const *asked, bool named,
                                  const char *label, Instance *instance, Error *reterr) {
        _cleanup_(snapshot_manifest_freep) SnapshotManifest *manifest = NULL;
        _cleanup_close_ int fd = -EBADF;
        int r = snapshot_label_check(label, reterr);

        if (r >= 0)
                r = snapshots_open(&project->whole, &fd, reterr);
        if (r >= 0 && fd >= 0)
                r = snapshot_load(fd, label, &manifest, reterr);
        if (r < 0)
                return r;
        if (!manifest)
                return snapshot_raise_missing(fd, label, reterr);
        r = instance_check_label(manifest, label, asked, named, reterr);
        if (r >= 0)
                r = instance->label_fd = snapshot_hold(fd, label, reterr);
        if (r >= 0)
                r = project->snapshot_fd =
                        fs_open_beneath(instance->label_fd, ".", O_RDONLY | O_DIRECTORY, 0, reterr);
        if (r >= 0)
                r = fs_write_fleeting(project->state.fd, FROM_FILE, label, strlen(label), 0644, reterr);
        for (size_t i = 0; r >= 0 && i < manifest->n_volumes; i++) {
                const char *volume = manifest->volumes[i].name;
                size_t n = fresh_spec_count_volume(project->spec, names, volume);

                if (n == 1)
                        strv_push(&project->layered, volume);
                else if (n > 1)
                        r = instance_copy_volume(project, names, volume, reterr);
        }
        return r < 0 ? error_prefix(reterr, r, "snapshot '%s'", label) : 0;
}

int instance_check_update(const Project *project, Error *reterr) {
        if (!project->state.instance ||
            faccessat(project->state.fd, FROM_FILE, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
                return 0;
        return error_raise(reterr, FC_EXIT_CONFLICT,
                           "the fresh instance '%s' has begun as a snapshot, and can only be begun anew",
                           project->state.instance);
}

/* Looked up with the permissions of the user; what has been exchanged when it is opened is refused there. */
static bool instance_is_directory(const char *source, void *userdata) {
        const Project *project = userdata;
        _cleanup_(user_fs_leave) UserFs guard = USER_FS_NULL;
        struct stat st;

        return user_fs_enter(&project->user, &guard, NULL) >= 0 &&
               (fstatat(project->state.root_fd, source, &st, 0) < 0 || S_ISDIR(st.st_mode));
}

void instance_change_spec(Project *project) {
        fresh_spec_make(project->spec, project->root, instance_is_directory, project);
}

int instance_begin(Project *project, char *const *names, char *const *asked, bool named, const char *label,
                   Instance *ret, Error *reterr) {
        int r;

        *ret = INSTANCE_NULL;
        r = facts_require(&project->facts, FACTS_CGROUP, reterr);
        if (r >= 0)
                r = fresh_spec_check(project->spec, names, reterr);
        if (r >= 0)
                r = state_dir_make(&project->state, reterr);
        if (r >= 0)
                r = instance_collect_all(project, reterr);
        if (r >= 0)
                r = instance_make(project, ret, reterr);
        if (r >= 0 && label)
                r = instance_take_snapshot(project, names, asked, named, label, ret, reterr);
        if (r >= 0)
                instance_change_spec(project);
        return r;
}
