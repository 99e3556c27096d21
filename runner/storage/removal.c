/* SPDX-License-Identifier: MIT */

#include <fcntl.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/process.h"
#include "context/event-note.h"
#include "context/locks.h"
#include "context/network.h"
#include "project/instance-dir.h"
#include "running/running.h"
#include "state/identity.h"
#include "state/mounted.h"
#include "state/runtime-dir.h"
#include "state/trash.h"
#include "storage/removal.h"
#include "storage/snapshot.h"

#define TICK_USEC (100 * USEC_PER_MSEC)

/* A removal on its way. */
typedef struct Run {
        const Removal *removal;
        Progress *progress;
        int runtime_fd; /* of the project; -EBADF: there is none */
        uint64_t told_usec;
} Run;

static void run_update(const Run *run, Phase phase, const char *detail) {
        const RemovalEntries *containers = &run->removal->containers;

        for (size_t i = 0; i < containers->n; i++)
                progress_update(run->progress, containers->entries[i].name, phase, detail);
}

/* ---- refusing ---- */

static int refuse_running_one(const Project *project, const char *name, Error *reterr) {
        _cleanup_(container_state_freep) ContainerState *state = NULL;
        _cleanup_free_ char *where = NULL, *down = NULL, *reset = NULL;
        MachineStatus status;
        int r;

        r = running_query(project, name, &status, reterr);
        if (r < 0)
                return r;
        if (status.running) {
                down = project_command(project, "down", name);
                reset = project_command(project, "reset", name);
                r = error_raise(reterr, FC_EXIT_CONFLICT, "it runs");
                error_add_hint(reterr, "stop it: %s", down);
                error_add_hint(reterr, "start it with a fresh root: %s", reset);
                return error_in_container(reterr, r, name);
        }
        /* A state that is damaged goes, too; it cannot tell of anything that runs. */
        (void) project_load_state(project, name, &state, NULL);
        r = running_find_elsewhere(project, name, state, &where, reterr);
        if (r < 0 || !where)
                return r;
        r = error_raise(reterr, FC_EXIT_CONFLICT, "it runs as %s", where);
        running_add_elsewhere_hint(reterr);
        return error_in_container(reterr, r, name);
}

int removal_refuse_running(const Removal *removal, Error *reterr) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < removal->containers.n; i++)
                r = refuse_running_one(removal->project, removal->containers.entries[i].name, reterr);
        return r;
}

static int refuse_mounted(const Removal *removal, Error *reterr) {
        int fd = removal->project->state.fd, r = 0;

        for (size_t i = 0; r >= 0 && i < removal->containers.n; i++)
                r = mounted_refuse(fd, removal->containers.entries[i].name, reterr);
        for (size_t i = 0; r >= 0 && i < removal->volumes.n; i++) {
                _cleanup_free_ char *path =
                        xasprintf(STATE_DIR_VOLUMES "/%s", removal->volumes.entries[i].name);

                r = mounted_refuse(fd, path, reterr);
        }
        for (size_t i = 0; r >= 0 && i < removal->others.n; i++)
                r = mounted_refuse(fd, removal->others.entries[i].name, reterr);
        return r;
}

/* Another command may have made one since the plan. The kernel removes no directory that has one in it, and
 * one that is made from here on is in a new directory, which stays. */
static int refuse_instances(const Removal *removal, Error *reterr) {
        int r;

        if (unlinkat(removal->project->state.fd, INSTANCES_DIR, AT_REMOVEDIR) >= 0 || errno == ENOENT)
                return 0;
        r = errno;
        if (r == ENOTEMPTY) {
                int k = removal_refuse_instances(removal, reterr);

                if (k < 0)
                        return k;
        }
        return error_set(reterr, r, "remove '" STATE_DIR_NAME "/" INSTANCES_DIR "'");
}

/* ---- moving aside ---- */

static int put_root(int state_fd, const char *name, Error *reterr) {
        static const char *const trees[] = {"root", "root.new"};
        _cleanup_close_ int fd = -EBADF;
        int r = fs_open_beneath_optional(state_fd, name, O_RDONLY | O_DIRECTORY, &fd, reterr);

        for (size_t i = 0; r >= 0 && fd >= 0 && i < ELEMENTSOF(trees); i++)
                r = trash_put(state_fd, fd, trees[i], reterr);
        return r;
}

/* What a killed keeper has left goes first: it would be taken for the next run's. */
static int put_container(Run *run, const char *name, Error *reterr) {
        const Project *project = run->removal->project;
        _cleanup_free_ char *machine = project_machine(project, name);
        int r;

        r = machine_kill(project->facts.cgroup_root, machine, reterr);
        if (r >= 0 && run->runtime_fd >= 0)
                r = fs_remove_tree(run->runtime_fd, name, reterr);
        if (r >= 0)
                r = run->removal->scope == REMOVAL_ROOTS
                            ? put_root(project->state.fd, name, reterr)
                            : trash_put(project->state.fd, project->state.fd, name, reterr);
        if (r < 0)
                return error_in_container(reterr, r, name);
        event_note(project, name, PHASE_REMOVED, run->removal->scope == REMOVAL_ROOTS ? "its root" : NULL);
        return 0;
}

static int put_volumes(const Removal *removal, Error *reterr) {
        _cleanup_close_ int fd = -EBADF;
        int r = fs_open_beneath_optional(removal->project->state.fd, STATE_DIR_VOLUMES,
                                         O_RDONLY | O_DIRECTORY, &fd, reterr);

        for (size_t i = 0; r >= 0 && fd >= 0 && i < removal->volumes.n; i++)
                r = trash_put(removal->project->state.fd, fd, removal->volumes.entries[i].name, reterr);
        return r;
}

static int put_all(Run *run, Error *reterr) {
        const Removal *removal = run->removal;
        int fd = removal->project->state.fd, r = 0;

        for (size_t i = 0; r >= 0 && i < removal->containers.n; i++)
                r = put_container(run, removal->containers.entries[i].name, reterr);
        if (r >= 0)
                r = put_volumes(removal, reterr);
        if (r < 0 || removal->scope != REMOVAL_PROJECT)
                return r;
        r = trash_put(fd, fd, STATE_DIR_VOLUMES, reterr);
        /* The tag last: without it the directory would not be known for ours any more. */
        for (size_t i = 0; r >= 0 && i < removal->others.n; i++)
                if (!streq(removal->others.entries[i].name, STATE_DIR_TAG) &&
                    !streq(removal->others.entries[i].name, INSTANCES_DIR))
                        r = trash_put(fd, fd, removal->others.entries[i].name, reterr);
        return r;
}

/* ---- removing ---- */

static bool removal_on_removed(uint64_t n, void *userdata) {
        Run *run = userdata;
        uint64_t now;

        if (n % 256 != 0)
                return true;
        if (process_is_interrupted())
                return false;
        now = now_usec();
        if (now - run->told_usec >= TICK_USEC) {
                _cleanup_free_ char *detail = xasprintf("%llu files", (unsigned long long) n);

                run->told_usec = now;
                run_update(run, PHASE_REMOVING, detail);
                progress_tick(run->progress);
        }
        return true;
}

/* Another command may have begun anew in there: what it has made stays. */
static int remove_state_dir(const Project *project, Error *reterr) {
        if (unlinkat(project->state.fd, STATE_DIR_TAG, 0) < 0 && errno != ENOENT)
                return error_set(reterr, errno, "remove '" STATE_DIR_NAME "/" STATE_DIR_TAG "'");
        /* A mount point stays, empty. */
        if (unlinkat(project->state.root_fd, STATE_DIR_NAME, AT_REMOVEDIR) < 0 && errno != ENOENT &&
            errno != EBUSY)
                return error_set(reterr, errno, "remove '%s/" STATE_DIR_NAME "'", project->root);
        return 0;
}

int removal_apply(const Removal *removal, Progress *progress, Error *reterr) {
        const Project *project = removal->project;
        _cleanup_close_ int runtime_fd = -EBADF;
        Run run = {.removal = removal, .progress = progress};
        int r;

        if (project->state.fd < 0)
                return 0;
        r = removal_refuse_used(removal, reterr);
        if (r >= 0)
                r = removal_refuse_changed(removal, reterr);
        if (r >= 0)
                r = removal_refuse_running(removal, reterr);
        if (r >= 0)
                r = refuse_mounted(removal, reterr);
        if (r >= 0)
                r = runtime_dir_open(RUNTIME_DIR_BASE, project->id, &runtime_fd, reterr);
        if (r >= 0 && removal->scope == REMOVAL_PROJECT)
                r = refuse_instances(removal, reterr);
        /* Or it would put back what is removed now. */
        if (r >= 0 && runtime_fd >= 0 && removal->scope != REMOVAL_PROJECT)
                r = snapshot_settle(project, runtime_fd, progress, reterr);
        if (r < 0)
                return r;
        run.runtime_fd = runtime_fd;
        run_update(&run, PHASE_REMOVING, NULL);
        r = put_all(&run, reterr);
        if (r >= 0)
                r = trash_empty(project->state.fd, /* wait= */ true, removal_on_removed, &run, reterr);
        if (r >= 0 && removal->scope == REMOVAL_PROJECT)
                r = remove_state_dir(project, reterr);
        run_update(&run, r < 0 ? PHASE_FAILED : PHASE_REMOVED,
                   removal->scope == REMOVAL_ROOTS ? "its root" : NULL);
        return r;
}

int removal_run(const Removal *removal, const char *verb, Error *reterr) {
        const Project *project = removal->project;
        _cleanup_(progress_freep) Progress *progress = progress_new(project->progress, stderr, NULL);
        _cleanup_strv_ char **names = NULL, **machines = NULL;
        _cleanup_close_ int runtime_fd = -EBADF;
        Lock *locks = NULL;
        int r;

        r = facts_require(&project->facts, FACTS_CGROUP, reterr);
        if (r < 0)
                return r;
        for (size_t i = 0; i < removal->containers.n; i++) {
                strv_push(&names, removal->containers.entries[i].name);
                strv_push_take(&machines, project_machine(project, removal->containers.entries[i].name));
        }
        runtime_fd = runtime_dir_make(RUNTIME_DIR_BASE, project->id, project->state.user.uid, reterr);
        if (runtime_fd < 0)
                return runtime_fd;
        r = locks_take(
                &(LocksRequest){
                        .runtime_fd = runtime_fd, .verb = verb, .names = names, .progress = progress},
                &locks, reterr);
        if (r >= 0)
                r = removal_apply(removal, progress, reterr);
        progress_finish(progress);
        if (r >= 0)
                r = network_release(project->facts.cgroup_root, project->id, runtime_fd, machines,
                                    /* ret_removed= */ NULL, reterr);
        (void) locks_free(locks, strv_length(names));
        return r < 0 ? r : FC_EXIT_OK;
}

int removal_finish(const Project *project, bool wait, Error *reterr) {
        if (project->state.fd < 0 || !trash_is_used(project->state.fd))
                return 0;
        return wait ? trash_empty(project->state.fd, /* wait= */ true, NULL, NULL, reterr)
                    : trash_empty_behind(project->state.fd, reterr);
}
