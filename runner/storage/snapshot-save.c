/* SPDX-License-Identifier: MIT */

#include <fcntl.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/process.h"
#include "base/size-text.h"
#include "base/time-text.h"
#include "context/locks.h"
#include "context/named-volumes.h"
#include "context/project-open.h"
#include "plan/definition.h"
#include "project/snapshot-dir.h"
#include "running/freeze.h"
#include "running/running.h"
#include "state/gc-root.h"
#include "state/runtime-dir.h"
#include "state/trash.h"
#include "storage/removal.h"
#include "storage/snapshot-copy.h"
#include "storage/snapshot-list.h"
#include "storage/snapshot-text.h"
#include "storage/snapshot.h"

typedef struct Save {
        Project *project;
        const char *label;
        char **names;   /* whose roots are saved */
        char **volumes; /* without the "@" */
        char **members; /* who must stand still: those, and what else has such a volume */
        bool whole;
        Progress *progress;
        int runtime_fd;
        MachineWatch watch;
        Lock *locks;
        Lock lock;
        SnapshotManifest *manifest;
        uint64_t frozen_usec; /* how long what runs stood still */
} Save;

static void save_done(Save *s) {
        lock_release(&s->lock);
        s->locks = locks_free(s->locks, s->watch.n);
        machine_watch_done(&s->watch);
        (void) safe_close(s->runtime_fd);
        (void) progress_free(s->progress);
        (void) snapshot_manifest_free(s->manifest);
        strv_free(s->names);
        strv_free(s->volumes);
        strv_free(s->members);
}

/* ---- what is saved ---- */

static int save_add_volumes(Save *s, const char *name, Error *reterr) {
        int r = named_volumes_of(s->project, name, &s->volumes, reterr);

        if (r >= 0 && !project_container_spec(s->project, name)) {
                _cleanup_free_ char *text = xasprintf(
                        "%s: no specification has it: its volumes are those that it was started with last",
                        name);

                progress_note(s->progress, text);
        }
        return r;
}

static int save_find(Save *s, Error *reterr) {
        _cleanup_strv_ char **known = NULL;
        int r = project_known_names(s->project, &known, reterr);

        if (r >= 0 && s->whole)
                r = state_dir_volumes_list(&s->project->state, &s->volumes, reterr);
        STRV_FOREACH (name, s->names)
                if (r >= 0 && !s->whole)
                        r = save_add_volumes(s, *name, reterr);
        s->members = strv_copy(s->names);
        STRV_FOREACH (volume, s->volumes)
                if (r >= 0)
                        r = snapshot_add_users(s->project, known, *volume, &s->members, reterr);
        return r < 0 ? r : 0;
}

/* ---- standing still ---- */

static int save_refuse_elsewhere(const Save *s, const char *name, Error *reterr) {
        _cleanup_(container_state_freep) ContainerState *state = NULL;
        int r = project_load_state(s->project, name, &state, reterr);

        return r < 0 ? r : running_refuse_elsewhere(s->project, name, state, reterr);
}

static int save_lock(Save *s, Error *reterr) {
        int r;

        r = facts_require(&s->project->facts, FACTS_CGROUP, reterr);
        if (r >= 0)
                r = machine_watch_open(&s->watch, s->project, NULL, s->members, reterr);
        if (r < 0)
                return r;
        s->runtime_fd =
                runtime_dir_make(RUNTIME_DIR_BASE, s->project->id, s->project->state.user.uid, reterr);
        if (s->runtime_fd < 0)
                return s->runtime_fd;
        r = locks_take(&(LocksRequest){.runtime_fd = s->runtime_fd,
                                       .verb = "snapshot",
                                       .names = s->members,
                                       .progress = s->progress},
                       &s->locks, reterr);
        if (r >= 0)
                r = machine_watch_look(&s->watch, reterr);
        for (size_t i = 0; r >= 0 && i < s->watch.n; i++) {
                r = freeze_recover(s->project, s->watch.entries[i].name, &s->watch.entries[i].status,
                                   s->runtime_fd, reterr);
                if (r >= 0 && !s->watch.entries[i].status.running)
                        r = save_refuse_elsewhere(s, s->watch.entries[i].name, reterr);
        }
        return r < 0 ? r : snapshot_lock(s->project, s->runtime_fd, s->progress, &s->lock, reterr);
}

/* ---- copying ---- */

static int save_root(Save *s, const char *name, int roots_fd, Error *reterr) {
        SnapshotContainer *c = XGROW(s->manifest->containers, s->manifest->n_containers);
        _cleanup_(container_state_freep) ContainerState *state = NULL;
        _cleanup_close_ int fd = -EBADF;
        const Watched *at = machine_watch_find(&s->watch, name);
        int r;

        c->name = xstrdup(name);
        c->running = at && at->status.running;
        r = state_dir_container_open(&s->project->state, name, &fd, reterr);
        if (r < 0 || fd < 0)
                return r;
        r = project_load_state(s->project, name, &state, reterr);
        if (r < 0)
                return r;
        c->definition = state ? strv_copy(state->definition) : NULL;
        r = fs_is_there(fd, "root", &c->root, reterr);
        if (r < 0)
                return r;
        return c->root ? snapshot_copy(fd, "root", roots_fd, name, name, PHASE_SAVING, s->progress,
                                       &c->bytes, reterr)
                       : 0;
}

static int save_volume(Save *s, const char *name, int from_fd, int volumes_fd, Error *reterr) {
        _cleanup_free_ char *shown = xasprintf("@%s", name);
        SnapshotVolume *v;
        bool there;
        int r;

        /* Specified, and not made yet. */
        r = fs_is_there(from_fd, name, &there, reterr);
        if (r < 0 || !there)
                return r;
        v = XGROW(s->manifest->volumes, s->manifest->n_volumes);
        v->name = xstrdup(name);
        r = snapshot_add_users(s->project, s->members, name, &v->containers, reterr);
        if (r < 0)
                return r;
        return snapshot_copy(from_fd, name, volumes_fd, name, shown, PHASE_SAVING, s->progress, &v->bytes,
                             reterr);
}

static int save_volumes(Save *s, int new_fd, Error *reterr) {
        _cleanup_close_ int from_fd = -EBADF, to_fd = -EBADF;
        int r;

        r = fs_open_beneath_optional(s->project->state.fd, STATE_DIR_VOLUMES, O_RDONLY | O_DIRECTORY,
                                     &from_fd, reterr);
        if (r < 0 || from_fd < 0)
                return r;
        to_fd = fs_open_beneath(new_fd, SNAPSHOT_VOLUMES, O_RDONLY | O_DIRECTORY, 0, reterr);
        r = to_fd;
        STRV_FOREACH (name, s->volumes)
                if (r >= 0)
                        r = save_volume(s, *name, from_fd, to_fd, reterr);
        return r;
}

static int save_copy(Save *s, int new_fd, Error *reterr) {
        _cleanup_close_ int roots_fd =
                fs_open_beneath(new_fd, SNAPSHOT_ROOTS, O_RDONLY | O_DIRECTORY, 0, reterr);
        int r = roots_fd;

        STRV_FOREACH (name, s->names)
                if (r >= 0)
                        r = save_root(s, *name, roots_fd, reterr);
        return r < 0 ? r : save_volumes(s, new_fd, reterr);
}

/* What cannot be thawed is the command's error, also where the copy went well. */
static int save_frozen(Save *s, int new_fd, Error *reterr) {
        Freeze freeze = FREEZE_NULL;
        uint64_t began = now_usec();
        int r, k;

        r = freeze_begin(&s->watch, s->runtime_fd, &freeze, reterr);
        if (r < 0)
                return r;
        r = save_copy(s, new_fd, reterr);
        k = freeze_end(&freeze, r < 0 ? NULL : reterr);
        s->frozen_usec = now_usec() - began;
        return r < 0 ? r : k;
}

/* A NixOS root needs its toplevel, and the store can collect it once the container has another one. */
static void save_protect_from_gc(Save *s, int new_fd) {
        _cleanup_free_ char *path =
                xasprintf("%s/" STATE_DIR_NAME "/" SNAPSHOTS_DIR "/%s", s->project->root, s->label);
        const InvokingUser root = {0};

        for (size_t i = 0; i < s->manifest->n_containers; i++) {
                const SnapshotContainer *c = &s->manifest->containers[i];
                const char *toplevel = definition_get(c->definition, DEFINITION_TOPLEVEL);
                _cleanup_free_ char *link = xasprintf("%s.system", c->name), *store = NULL;
                _cleanup_(error_done) Error error = ERROR_NULL;
                char *slash;

                if (!toplevel)
                        continue;
                store = xstrdup(toplevel);
                slash = strrchr(store, '/');
                if (!slash || slash == store)
                        continue;
                *slash = '\0';
                if (gc_root_set(new_fd, path, &root, link, toplevel, store, &error) < 0) {
                        _cleanup_free_ char *text = xasprintf(
                                "%s: %s, so Nix may collect its system, ignoring", c->name, error.message);

                        progress_note(s->progress, text);
                }
        }
}

static int save_make(Save *s, int fd, Error *reterr) {
        _cleanup_close_ int new_fd = snapshot_begin(&s->project->state, fd, reterr);
        int r;

        if (new_fd < 0)
                return new_fd;
        s->manifest = xmalloc0(sizeof(*s->manifest));
        s->manifest->saved_usec = realtime_usec();
        s->manifest->whole = s->whole;
        r = save_frozen(s, new_fd, reterr);
        if (r < 0)
                return r;
        save_protect_from_gc(s, new_fd);
        r = snapshot_seal(new_fd, s->manifest, reterr);
        return r < 0 ? r : snapshot_name(fd, s->label, reterr);
}

static int save_refuse_taken(int fd, const char *label, Error *reterr) {
        bool there;
        int r;

        r = fs_is_there(fd, label, &there, reterr);
        if (r < 0 || !there)
                return r;
        r = error_raise(reterr, FC_EXIT_CONFLICT, "there is a snapshot '%s' already", label);
        error_add_hint(reterr, "remove it: flake-containers snapshot rm %s", label);
        return r;
}

static int save_try(Save *s, Error *reterr) {
        const StateDir *dir = &s->project->state;
        _cleanup_close_ int fd = -EBADF;
        int r;

        r = save_find(s, reterr);
        if (r >= 0)
                r = save_lock(s, reterr);
        if (r < 0)
                return r;
        fd = snapshots_make(dir, reterr);
        if (fd < 0)
                return fd;
        r = save_refuse_taken(fd, s->label, reterr);
        if (r < 0)
                return r;
        r = save_make(s, fd, reterr);
        if (r < 0)
                (void) trash_put(dir->fd, fd, SNAPSHOTS_NEW, NULL);
        (void) removal_finish(s->project, /* wait= */ false, NULL);
        return r < 0 ? error_prefix(reterr, r, "snapshot '%s'", s->label) : 0;
}

static int save_tell(const Save *s, Error *reterr) {
        _cleanup_free_ char *text = NULL, *what = snapshot_describe(s->manifest);
        char size[FORMAT_SIZE_MAX], time[FORMAT_DURATION_MAX];
        bool any = false;

        for (size_t i = 0; i < s->manifest->n_containers; i++) {
                any = any || s->manifest->containers[i].running;
                progress_update(s->progress, s->manifest->containers[i].name, PHASE_SAVED, NULL);
        }
        for (size_t i = 0; i < s->manifest->n_volumes; i++) {
                _cleanup_free_ char *shown = xasprintf("@%s", s->manifest->volumes[i].name);

                progress_update(s->progress, shown, PHASE_SAVED, NULL);
        }
        (void) format_size(size, snapshot_manifest_bytes(s->manifest));
        (void) format_duration(time, s->frozen_usec);
        text = any ? xasprintf("saved '%s': %s, %s; what runs stood still for %s", s->label, what, size,
                               time)
                   : xasprintf("saved '%s': %s, %s", s->label, what, size);
        progress_note(s->progress, text);
        return s->project->globals->json ? snapshot_list_print_json(&s->label, &s->manifest, 1, reterr) : 0;
}

/* Changes nothing. */
static int save_dry_run(Save *s, Error *reterr) {
        int r = save_find(s, reterr);

        if (r < 0)
                return r;
        STRV_FOREACH (name, s->members) {
                MachineStatus status;

                r = running_query(s->project, *name, &status, reterr);
                if (r < 0)
                        return r;
                (void) printf("%s: %s%s\n", *name, strv_contains(s->names, *name) ? "save" : "nothing",
                              status.running ? ", frozen meanwhile" : "");
        }
        STRV_FOREACH (volume, s->volumes)
                (void) printf("@%s: save\n", *volume);
        return FC_EXIT_OK;
}

int snapshot_save(const ProjectRequest *request, char *const *operands, Error *reterr) {
        _cleanup_(project_done) Project project = PROJECT_NULL;
        _cleanup_(save_done) Save s = {.project = &project, .runtime_fd = -EBADF, .lock = LOCK_NULL};
        _cleanup_strv_ char **names = NULL;
        int r;

        r = snapshot_split_operands(operands, &names, &s.label, reterr);
        if (r >= 0)
                r = project_open_known(request, names, &project, &s.names, reterr);
        if (r < 0)
                return r;
        if (project.state.fd < 0)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "there is nothing to save: no container was ever started");
        s.whole = names == NULL;
        if (request->globals->dry_run)
                return save_dry_run(&s, reterr);
        process_block_interrupts(NULL);
        s.progress = progress_new(project.progress, stderr, s.names);
        r = save_try(&s, reterr);
        progress_finish(s.progress);
        if (r >= 0)
                r = save_tell(&s, reterr);
        return r < 0 ? r : FC_EXIT_OK;
}
