/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "context/fresh-spec.h"
#include "context/instance.h"
#include "project/instance-dir.h"
#include "project/snapshot-dir.h"
#include "state/identity.h"
#include "state/runtime-dir.h"
#include "storage/instance-life.h"
#include "storage/instances.h"
#include "storage/snapshot-copy.h"
#include "storage/snapshot-text.h"

/* In its directory: the label of the snapshot that it has begun as. */
#define FROM_FILE "from"

/* `gc` looks at its claim for a moment. */
#define CLAIM_USEC (30 * USEC_PER_SEC)

static int instance_claim(const Project *project, int runtime_fd, Error *reterr) {
        _cleanup_(lock_release) Lock lock = LOCK_NULL;
        int r = lock_acquire(runtime_fd, LOCK_PROJECT, "with", CLAIM_USEC, NULL, NULL, &lock, reterr);

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
