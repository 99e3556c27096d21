/* SPDX-License-Identifier: MIT */

#include <fcntl.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/size-text.h"
#include "context/project-open.h"
#include "fleet/fleet.h"
#include "ops/snapshot-restore.h"
#include "project/snapshot-apply.h"
#include "running/running.h"
#include "spec/network-share.h"
#include "state/trash.h"
#include "storage/removal.h"
#include "storage/snapshot-copy.h"
#include "storage/snapshot-text.h"

typedef struct Restore {
        Project *project;
        const char *label;
        bool move;
        int alone_fd;               /* with move: no fresh instance is laid over it */
        bool fresh;                 /* nothing of it is there yet, or it is refused */
        int fd;                     /* the snapshots' directory */
        SnapshotManifest *manifest; /* what is restored */
        uint64_t saved_usec;        /* of the snapshot that it was chosen from */
        Lock lock;
        bool began, made;
} Restore;

static void restore_done(Restore *s) {
        lock_release(&s->lock);
        (void) safe_close(s->fd);
        (void) snapshot_manifest_free(s->manifest);
}

/* ---- what is restored ---- */

static int restore_select(Restore *s, char *const *names, Error *reterr) {
        _cleanup_(snapshot_manifest_freep) SnapshotManifest *all = NULL;
        int r = s->fd >= 0 ? snapshot_load(s->fd, s->label, &all, reterr) : 0;

        if (r < 0)
                return r;
        if (!all)
                return snapshot_raise_missing(s->fd, s->label, reterr);
        s->saved_usec = all->saved_usec;
        if (!names) {
                s->manifest = TAKE_PTR(all);
                return 0;
        }
        STRV_FOREACH (name, names)
                if (!snapshot_manifest_container(all, *name))
                        return snapshot_raise_without(all, s->label, *name, reterr);
        s->manifest = snapshot_manifest_select(all, names);
        if (s->move &&
            (s->manifest->n_containers < all->n_containers || s->manifest->n_volumes < all->n_volumes))
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "with --move all of snapshot '%s' is restored, or nothing", s->label);
        return 0;
}

/* Those, what has one of the volumes mounted, and what shares the network of one of them. */
static int restore_find_members(const Restore *s, char ***ret, Error *reterr) {
        _cleanup_strv_ char **known = NULL, **members = NULL;
        int r = project_known_names(s->project, &known, reterr);

        if (r < 0)
                return r;
        for (size_t i = 0; i < s->manifest->n_containers; i++)
                strv_push(&members, s->manifest->containers[i].name);
        for (size_t i = 0; i < s->manifest->n_volumes; i++) {
                r = snapshot_add_users(s->project, known, s->manifest->volumes[i].name, &members, reterr);
                if (r < 0)
                        return r;
                STRV_FOREACH (name, s->manifest->volumes[i].containers)
                        if (!strv_contains(members, *name))
                                strv_push(&members, *name);
        }
        if (s->project->spec)
                network_share_add(s->project->spec, &members);
        *ret = TAKE_PTR(members);
        return 0;
}

/* ---- before anything stops ---- */

static int restore_copy(Restore *s, int new_fd, Progress *progress, Error *reterr) {
        const SnapshotManifest *m = s->manifest;
        uint64_t bytes = 0;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < m->n_containers; i++) {
                const SnapshotContainer *c = &m->containers[i];
                _cleanup_free_ char *from = xasprintf("%s/" SNAPSHOT_ROOTS "/%s", s->label, c->name),
                                    *to = xasprintf(SNAPSHOT_ROOTS "/%s", c->name);

                if (c->root)
                        r = snapshot_copy(s->fd, from, new_fd, to, c->name, PHASE_RESTORING, progress,
                                          &bytes, reterr);
        }
        for (size_t i = 0; r >= 0 && i < m->n_volumes; i++) {
                const char *name = m->volumes[i].name;
                _cleanup_free_ char *from = xasprintf("%s/" SNAPSHOT_VOLUMES "/%s", s->label, name),
                                    *to = xasprintf(SNAPSHOT_VOLUMES "/%s", name),
                                    *shown = xasprintf("@%s", name);

                r = snapshot_copy(s->fd, from, new_fd, to, shown, PHASE_RESTORING, progress, &bytes, reterr);
        }
        return r < 0 ? r : snapshot_seal(new_fd, m, reterr);
}

static int restore_refuse_other(const Restore *s, Error *reterr) {
        _cleanup_(snapshot_manifest_freep) SnapshotManifest *now = NULL;
        int r = snapshot_load(s->fd, s->label, &now, reterr);

        if (r < 0 || (now && now->saved_usec == s->saved_usec))
                return r;
        return error_raise(reterr, FC_EXIT_CONFLICT, "another command has removed or replaced it meanwhile");
}

static int restore_refuse_existing(const Restore *s, Error *reterr) {
        _cleanup_strv_ char **there = NULL;
        int r = snapshot_apply_find(&s->project->state, s->manifest, &there, reterr);

        if (r < 0 || !there)
                return r;
        return error_raise(reterr, FC_EXIT_CONFLICT, "another command has made this meanwhile: %s",
                           there[0]);
}

static int restore_try_prepare(Restore *s, Progress *progress, Error *reterr) {
        _cleanup_close_ int new_fd = -EBADF;
        int r;

        r = restore_refuse_other(s, reterr);
        if (r >= 0 && s->fresh)
                r = restore_refuse_existing(s, reterr);
        if (r >= 0)
                r = snapshot_apply_check(&s->project->state, s->manifest, reterr);
        /* Until it has another name. */
        if (r >= 0 && s->move)
                r = snapshot_hold_alone(s->fd, s->label, &s->alone_fd, reterr);
        if (r < 0 || s->move)
                return r;
        new_fd = snapshot_begin(&s->project->state, s->fd, reterr);
        return new_fd < 0 ? new_fd : restore_copy(s, new_fd, progress, reterr);
}

static int restore_prepare(void *userdata, int runtime_fd, Progress *progress, Error *reterr) {
        Restore *s = userdata;
        int r;

        r = snapshot_lock(s->project, runtime_fd, progress, &s->lock, reterr);
        if (r < 0)
                return r;
        r = restore_try_prepare(s, progress, reterr);
        return r < 0 ? error_prefix(reterr, r, "snapshot '%s'", s->label) : 0;
}

/* ---- once all stand still ---- */

static int restore_make(void *userdata, Progress *progress, Error *reterr) {
        Restore *s = userdata;
        int r;

        r = snapshot_apply_begin(s->fd, s->move ? s->label : SNAPSHOTS_NEW, reterr);
        s->began = r >= 0;
        if (r >= 0)
                r = snapshot_apply_finish(&s->project->state, reterr);
        s->made = r >= 0;
        if (r < 0)
                return error_prefix(reterr, r, "snapshot '%s'", s->label);
        for (size_t i = 0; i < s->manifest->n_containers; i++)
                progress_update(progress, s->manifest->containers[i].name, PHASE_RESTORED, NULL);
        for (size_t i = 0; i < s->manifest->n_volumes; i++) {
                _cleanup_free_ char *shown = xasprintf("@%s", s->manifest->volumes[i].name);

                progress_update(progress, shown, PHASE_RESTORED, NULL);
        }
        lock_release(&s->lock);
        return 0;
}

/* What was there before, and a copy that was not put in place. */
static void restore_clear(const Restore *s) {
        if (!s->began && s->lock.fd >= 0 && !s->move)
                (void) trash_put(s->project->state.fd, s->fd, SNAPSHOTS_NEW, NULL);
        (void) removal_finish(s->project, /* wait= */ false, NULL);
}

static int restore_do(Restore *s, char *const *members, Error *reterr) {
        const FleetChange change = {restore_prepare, restore_make, s};
        const FleetOptions options = FLEET_OPTIONS("snapshot");
        _cleanup_(fleet_freep) Fleet *fleet = fleet_new(&options, s->project);
        int r = fleet_change(fleet, members, &change, reterr);

        restore_clear(s);
        if (s->made && s->project->progress != PROGRESS_QUIET && s->project->progress != PROGRESS_JSON) {
                _cleanup_free_ char *what = snapshot_describe(s->manifest);

                (void) fprintf(stderr, "restored '%s': %s%s\n", s->label, what,
                               s->move ? "; the snapshot is used up" : "");
        }
        return r;
}

/* @names: NULL: all that it has. @ret: who stands still. */
static int restore_choose(Restore *s, char *const *names, char ***ret, Error *reterr) {
        int r = snapshots_open(&s->project->state, &s->fd, reterr);

        if (r >= 0)
                r = restore_select(s, names, reterr);
        return r < 0 ? r : restore_find_members(s, ret, reterr);
}

int snapshot_restore_part(Project *project, char *const *names, const char *label, bool fresh,
                          Error *reterr) {
        _cleanup_(restore_done) Restore s = {.project = project,
                                             .label = label,
                                             .fresh = fresh,
                                             .fd = -EBADF,
                                             .alone_fd = -EBADF,
                                             .lock = LOCK_NULL};
        _cleanup_strv_ char **members = NULL;
        int r = restore_choose(&s, names, &members, reterr);

        return r < 0 ? r : restore_do(&s, members, reterr);
}

static int restore_dry_run(const Restore *s, char *const *members, Error *reterr) {
        STRV_FOREACH (name, members) {
                MachineStatus status;
                int r = running_query(s->project, *name, &status, reterr);

                if (r < 0)
                        return r;
                (void) printf("%s: %s%s\n", *name,
                              snapshot_manifest_container(s->manifest, *name) ? "restore" : "nothing",
                              status.running ? ", stopped meanwhile" : "");
        }
        for (size_t i = 0; i < s->manifest->n_volumes; i++)
                (void) printf("@%s: restore\n", s->manifest->volumes[i].name);
        return FC_EXIT_OK;
}

int snapshot_restore(const ProjectRequest *request, char *const *operands, bool move, Error *reterr) {
        _cleanup_(project_done) Project project = PROJECT_NULL;
        _cleanup_(restore_done) Restore s = {
                .project = &project, .move = move, .fd = -EBADF, .alone_fd = -EBADF, .lock = LOCK_NULL};
        _cleanup_strv_ char **names = NULL, **known = NULL, **members = NULL;
        int r;

        r = snapshot_split_operands(operands, &names, &s.label, reterr);
        if (r >= 0)
                r = project_open_known(request, NULL, &project, &known, reterr);
        if (r >= 0)
                r = restore_choose(&s, names, &members, reterr);
        if (r < 0)
                return r;
        return request->globals->dry_run ? restore_dry_run(&s, members, reterr)
                                         : restore_do(&s, members, reterr);
}
