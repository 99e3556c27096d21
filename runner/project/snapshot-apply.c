/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/strv.h"
#include "project/snapshot-apply.h"
#include "state/mounted.h"
#include "state/seed-mark.h"
#include "state/state.h"
#include "state/trash.h"

#define ROOT "root"

int snapshot_apply_is_pending(const StateDir *dir, bool *ret, Error *reterr) {
        *ret = false;
        return dir->fd >= 0 ? fs_is_there(dir->fd, SNAPSHOTS_DIR "/" SNAPSHOTS_RESTORE, ret, reterr) : 0;
}

/* Return: whether it is there, or a negative errno. */
static int apply_sees(const StateDir *dir, const char *parent, const char *name, Error *reterr) {
        _cleanup_close_ int fd = -EBADF;
        bool there = false;
        int r = dir->fd >= 0 ? fs_open_beneath_optional(dir->fd, parent, O_RDONLY | O_DIRECTORY, &fd, reterr)
                             : 0;

        if (r >= 0 && fd >= 0)
                r = fs_is_there(fd, name, &there, reterr);
        return r < 0 ? error_prefix(reterr, r, "'%s'", parent) : there;
}

int snapshot_apply_find(const StateDir *dir, const SnapshotManifest *m, char ***ret, Error *reterr) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < m->n_containers; i++) {
                r = apply_sees(dir, m->containers[i].name, ROOT, reterr);
                if (r > 0)
                        strv_pushf(ret, "%s: its root", m->containers[i].name);
        }
        for (size_t i = 0; r >= 0 && i < m->n_volumes; i++) {
                r = apply_sees(dir, STATE_DIR_VOLUMES, m->volumes[i].name, reterr);
                if (r > 0)
                        strv_pushf(ret, "@%s: a volume", m->volumes[i].name);
        }
        return r < 0 ? r : 0;
}

static int apply_refuse_mounted(const StateDir *dir, const char *parent, const char *name, Error *reterr) {
        _cleanup_close_ int fd = -EBADF;
        bool there = false;
        int r = fs_open_beneath_optional(dir->fd, parent, O_RDONLY | O_DIRECTORY, &fd, reterr);

        if (r >= 0 && fd >= 0)
                r = fs_is_there(fd, name, &there, reterr);
        return r < 0 || !there ? r : mounted_refuse(fd, name, reterr);
}

int snapshot_apply_check(const StateDir *dir, const SnapshotManifest *m, Error *reterr) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < m->n_containers; i++)
                r = apply_refuse_mounted(dir, m->containers[i].name, ROOT, reterr);
        for (size_t i = 0; r >= 0 && i < m->n_volumes; i++)
                r = apply_refuse_mounted(dir, STATE_DIR_VOLUMES, m->volumes[i].name, reterr);
        return r;
}

int snapshot_apply_begin(int snapshots_fd, const char *name, Error *reterr) {
        int r = fs_rename_new(snapshots_fd, name, snapshots_fd, SNAPSHOTS_RESTORE);

        if (r >= 0 && fsync(snapshots_fd) < 0)
                r = -errno;
        return r < 0 ? error_set(reterr, r, "begin to restore") : 0;
}

/* Of a seed that had not succeeded when the snapshot was saved: the user wants what it has left. */
static int keep_half_seeded(int from_fd, const char *from, Error *reterr) {
        _cleanup_close_ int fd = fs_open_beneath(from_fd, from, O_RDONLY | O_DIRECTORY, 0, reterr);

        return fd < 0 ? fd : seed_mark_demote_all(fd, reterr);
}

/* @from_fd: -EBADF: nothing takes its place. Each step may have been done before. */
static int exchange(const StateDir *dir, int from_fd, const char *from, int to_fd, const char *to,
                    Error *reterr) {
        bool there;
        int r;

        r = from_fd >= 0 ? fs_is_there(from_fd, from, &there, reterr) : 0;
        if (r < 0 || (from_fd >= 0 && !there))
                return r;
        r = from_fd >= 0 ? keep_half_seeded(from_fd, from, reterr) : 0;
        if (r >= 0)
                r = trash_put(dir->fd, to_fd, to, reterr);
        if (r < 0 || from_fd < 0)
                return r;
        r = fs_rename_new(from_fd, from, to_fd, to);
        return r < 0 ? error_set(reterr, r, "put '%s' in place", from) : 0;
}

/* The root has been made of what it was started from then. */
static int recall_definition(const StateDir *dir, const SnapshotContainer *c, int container_fd,
                             Error *reterr) {
        _cleanup_(container_state_freep) ContainerState *state = NULL;
        int r = container_state_load(container_fd, c->name, &dir->user, &state, reterr);

        if (r < 0 || !state || !c->definition || strv_equal(state->definition, c->definition))
                return r;
        strv_free(state->definition);
        state->definition = strv_copy(c->definition);
        return container_state_save(container_fd, c->name, &dir->user, state, reterr);
}

static int apply_container(const StateDir *dir, const SnapshotContainer *c, int roots_fd, Error *reterr) {
        _cleanup_close_ int container_fd = state_dir_container_make(dir, c->name, reterr);
        int r;

        if (container_fd < 0)
                return container_fd;
        r = exchange(dir, c->root ? roots_fd : -EBADF, c->name, container_fd, ROOT, reterr);
        return r < 0 ? r : recall_definition(dir, c, container_fd, reterr);
}

static int apply_all(const StateDir *dir, int restore_fd, const SnapshotManifest *m, Error *reterr) {
        _cleanup_close_ int roots_fd = -EBADF, from_fd = -EBADF, volumes_fd = -EBADF;
        int r = 0;

        roots_fd = fs_open_beneath(restore_fd, SNAPSHOT_ROOTS, O_RDONLY | O_DIRECTORY, 0, reterr);
        if (roots_fd < 0)
                return roots_fd;
        from_fd = fs_open_beneath(restore_fd, SNAPSHOT_VOLUMES, O_RDONLY | O_DIRECTORY, 0, reterr);
        if (from_fd < 0)
                return from_fd;
        for (size_t i = 0; i < m->n_containers; i++) {
                r = apply_container(dir, &m->containers[i], roots_fd, reterr);
                if (r < 0)
                        return error_in_container(reterr, r, m->containers[i].name);
        }
        if (m->n_volumes > 0) {
                volumes_fd = state_dir_volumes_make(dir, reterr);
                r = volumes_fd < 0 ? volumes_fd : 0;
        }
        for (size_t i = 0; r >= 0 && i < m->n_volumes; i++)
                r = exchange(dir, from_fd, m->volumes[i].name, volumes_fd, m->volumes[i].name, reterr);
        return r;
}

int snapshot_apply_finish(const StateDir *dir, Error *reterr) {
        _cleanup_(snapshot_manifest_freep) SnapshotManifest *m = NULL;
        _cleanup_close_ int fd = -EBADF, restore_fd = -EBADF;
        bool pending;
        int r;

        r = snapshot_apply_is_pending(dir, &pending, reterr);
        if (r < 0 || !pending)
                return r;
        r = snapshots_open(dir, &fd, reterr);
        if (r < 0)
                return r;
        restore_fd = fs_open_beneath(fd, SNAPSHOTS_RESTORE, O_RDONLY | O_DIRECTORY, 0, reterr);
        if (restore_fd < 0)
                return restore_fd;
        r = snapshot_load(fd, SNAPSHOTS_RESTORE, &m, reterr);
        if (r < 0)
                return r;
        if (m)
                r = apply_all(dir, restore_fd, m, reterr);
        if (r < 0)
                return error_prefix(reterr, r, "finish the restore of a snapshot");
        return trash_put(dir->fd, fd, SNAPSHOTS_RESTORE, reterr);
}
