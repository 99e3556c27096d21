/* SPDX-License-Identifier: MIT */

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/companions.h"
#include "base/fs.h"
#include "base/walk.h"
#include "cgroup/cgroup.h"
#include "project/snapshot-dir.h"
#include "running/running.h"
#include "state/identity.h"
#include "state/runtime-dir.h"
#include "storage/migrate-idle.h"

void migrate_idle_done(MigrateIdle *idle) {
        lock_release(&idle->snapshots);
        idle->locks = locks_free(idle->locks, strv_length(idle->names));
        idle->names = strv_free(idle->names);
        idle->runtime_fd = safe_close(idle->runtime_fd);
}

/* ---- the user's way ---- */

/* As the user's commands have it, which is nearly always where systemd makes it. */
static char *user_runtime(const InvokingUser *user) {
        const char *told = getenv("XDG_RUNTIME_DIR");
        _cleanup_free_ char *path = told ? xasprintf("%s/flake-containers", told) : NULL;
        struct stat st;

        return path && stat(path, &st) >= 0 && st.st_uid == user->uid
                       ? TAKE_PTR(path)
                       : xasprintf("/run/user/%u/flake-containers", (unsigned) user->uid);
}

/* The id that the user's commands know it by; owned by the caller. */
static char *user_id(const Project *project) {
        _cleanup_(project_state_freep) ProjectState *state = NULL;

        return project_state_load(project->state.fd, &project->state.user, &state, NULL) >= 0 && state &&
                               state->id && identity_id_is_valid(state->id)
                       ? xstrdup(state->id)
                       : xstrdup(project->id);
}

/* The machines that may be a container's. */
typedef struct Hunt {
        char **machines;
        char *found;
} Hunt;

static int on_machine(int dir_fd, const struct dirent *entry, void *userdata) {
        Hunt *hunt = userdata;
        _cleanup_close_ int fd = -EBADF;
        bool populated;

        if (entry->d_type != DT_DIR)
                return WALK_ON;
        if (!strv_contains(hunt->machines, entry->d_name))
                return WALK_ENTER;
        fd = openat(dir_fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd >= 0 && cgroup_populated(fd, &populated, NULL) >= 0 && populated && !hunt->found)
                hunt->found = xstrdup(entry->d_name);
        return WALK_ON;
}

static int push_machine(const Project *project, const char *id, const char *name, Hunt *hunt,
                        Error *reterr) {
        _cleanup_(container_state_freep) ContainerState *state = NULL;
        int r = project_load_state(project, name, &state, reterr);

        if (r < 0)
                return r;
        strv_push_take(&hunt->machines, identity_machine_name(id, name));
        strv_push_take(&hunt->machines, identity_machine_name(project->id, name));
        if (state && state->machine)
                strv_push(&hunt->machines, state->machine);
        return 0;
}

/* Wherever the user's control group is: it is the machine that has one below it. */
static int refuse_running_of_user(const Project *project, const char *id, char *const *names,
                                  Error *reterr) {
        const WalkVisitor visitor = {.entry = on_machine, .tolerant = true};
        _cleanup_close_ int fd = -EBADF;
        Hunt hunt = {};
        int r = facts_require(&project->facts, FACTS_CGROUP, reterr);

        STRV_FOREACH (name, names)
                if (r >= 0)
                        r = push_machine(project, id, *name, &hunt, reterr);
        if (r >= 0) {
                fd = open(project->facts.cgroup_root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                r = fd < 0 ? -errno : walk_below(fd, &visitor, &hunt);
                if (r < 0)
                        (void) error_set(reterr, r, "look for machines in '%s'", project->facts.cgroup_root);
        }
        if (r >= 0 && hunt.found) {
                r = error_raise(reterr, FC_EXIT_CONFLICT, "machine '%s' of it runs, without root",
                                hunt.found);
                error_add_hint(reterr, "stop it, without sudo: flake-containers --root '%s' down",
                               project->root);
        }
        strv_free(hunt.machines);
        free(hunt.found);
        return r;
}

/* ---- root's ---- */

static int refuse_running_of_root(const Project *project, char *const *names, Error *reterr) {
        int r = facts_require(&project->facts, FACTS_CGROUP, reterr);

        STRV_FOREACH (name, names) {
                _cleanup_(container_state_freep) ContainerState *state = NULL;
                _cleanup_free_ char *down = NULL;
                MachineStatus status;

                if (r >= 0)
                        r = project_load_state(project, *name, &state, reterr);
                if (r >= 0)
                        r = running_refuse_elsewhere(project, *name, state, reterr);
                if (r >= 0)
                        r = running_query(project, *name, &status, reterr);
                if (r < 0 || !status.running)
                        continue;
                down = project_command(project, "down", NULL);
                r = error_raise(reterr, FC_EXIT_CONFLICT, "it runs");
                error_add_hint(reterr, "stop it: %s", down);
                return error_in_container(reterr, r, *name);
        }
        return r;
}

/* ---- both ---- */

/* In root's directory in either direction. */
int migrate_idle_lock(const Project *project, Lock *ret, Error *reterr) {
        _cleanup_close_ int fd =
                runtime_dir_make(RUNTIME_DIR_BASE, project->id, project->state.user.uid, reterr);

        return fd < 0 ? fd
                      : lock_acquire(fd, LOCK_MIGRATE, "migrate", /* timeout_usec= */ 0, /* on_wait= */ NULL,
                                     NULL, ret, reterr);
}

static int idle_open_runtime(const Project *project, bool rootless, const char *id, int *ret_fd,
                             Error *reterr) {
        _cleanup_free_ char *base = rootless ? user_runtime(&project->state.user) : NULL;

        if (rootless)
                return runtime_dir_open(base, id, ret_fd, reterr);
        *ret_fd = runtime_dir_make(RUNTIME_DIR_BASE, project->id, project->state.user.uid, reterr);
        return *ret_fd;
}

static int idle_take_locks(MigrateIdle *idle, Progress *progress, Error *reterr) {
        const LocksRequest request = {.runtime_fd = idle->runtime_fd,
                                      .verb = "migrate",
                                      .names = idle->names,
                                      .progress = progress};
        int r = idle->names ? locks_take(&request, &idle->locks, reterr) : 0;

        return r < 0 ? r
                     : lock_acquire(idle->runtime_fd, SNAPSHOTS_LOCK, "migrate", LOCKS_TIMEOUT_USEC,
                                    /* on_wait= */ NULL, NULL, &idle->snapshots, reterr);
}

int migrate_idle_hold(const Project *project, bool rootless, Progress *progress, MigrateIdle *ret,
                      Error *reterr) {
        _cleanup_(user_fs_leave) UserFs guard = USER_FS_NULL;
        _cleanup_free_ char *id = rootless ? user_id(project) : NULL;
        int r = project_known_names(project, &ret->names, reterr);

        if (r >= 0)
                r = idle_open_runtime(project, rootless, id, &ret->runtime_fd, reterr);
        /* In the user's directory the files are the user's. */
        if (r >= 0 && rootless)
                r = user_fs_enter(&project->state.user, &guard, reterr);
        if (r >= 0 && ret->runtime_fd >= 0)
                r = idle_take_locks(ret, progress, reterr);
        user_fs_leave(&guard);
        if (r < 0)
                return r;
        return rootless ? refuse_running_of_user(project, id, ret->names, reterr)
                        : refuse_running_of_root(project, ret->names, reterr);
}
