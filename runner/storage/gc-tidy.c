/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/strv.h"
#include "context/network.h"
#include "net/old-bridge.h"
#include "project/instance-dir.h"
#include "project/state-dir.h"
#include "record/ephemeral.h"
#include "state/identity.h"
#include "state/state.h"
#include "state/trash.h"
#include "storage/gc-tidy.h"
#include "storage/instances.h"

/* Return: 1 it does not run, and nothing starts it while the lock is held; 0; or a negative errno. */
static int gc_hold_stopped(const GcProject *p, const char *name, Lock *ret, Error *reterr) {
        _cleanup_free_ char *machine = identity_machine_name(p->id, name);
        MachineStatus status;
        int r = gc_project_query(p, machine, &status, reterr);

        if (r < 0 || status.running)
                return r;
        if (p->gc->dry_run)
                return 1;
        r = gc_project_lock(p, name, ret, reterr);
        if (r <= 0)
                return r;
        r = gc_project_query(p, machine, &status, reterr);
        return r < 0 ? r : !status.running;
}

/* A cgroup that outlives a supervisor. */
static int gc_tidy_machine(const GcProject *p, const char *name, Error *reterr) {
        _cleanup_free_ char *machine = identity_machine_name(p->id, name);
        _cleanup_(lock_release) Lock lock = LOCK_NULL;
        int r;

        if (!strv_contains(p->machines, machine))
                return 0;
        r = gc_hold_stopped(p, name, &lock, reterr);
        if (r <= 0)
                return r;
        r = p->gc->dry_run ? 0 : machine_kill(p->gc->facts.cgroup_root, machine, reterr);
        if (r >= 0 && !p->gc->dry_run)
                r = old_port_remove(machine, reterr);
        if (r >= 0)
                gc_say(p->gc, "machine", machine, "it was killed");
        return r;
}

static int gc_tidy_network(const GcProject *p, Error *reterr) {
        _cleanup_strv_ char **machines = NULL, **bridges = gc_project_bridges(p);
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

static int gc_tidy_ephemeral(const GcProject *p, const StateDir *state, const char *name, Error *reterr) {
        _cleanup_(lock_release) Lock lock = LOCK_NULL;
        _cleanup_close_ int fd = -EBADF;
        _cleanup_free_ char *path = NULL;
        bool there = false;
        int r;

        r = state_dir_container_open(state, name, &fd, reterr);
        if (r >= 0 && fd >= 0)
                r = ephemeral_exists(fd, &there, reterr);
        if (r < 0 || !there)
                return r;
        r = gc_hold_stopped(p, name, &lock, reterr);
        if (r <= 0)
                return r;
        path = xasprintf("%s/" STATE_DIR_NAME "/%s/" EPHEMERAL_DIR, state->root, name);
        r = p->gc->dry_run ? 0 : ephemeral_remove(fd, reterr);
        if (r >= 0)
                gc_say(p->gc, "tree", path, "its container was killed");
        return r;
}

static int gc_tidy_trash(const GcProject *p, const StateDir *state, Error *reterr) {
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
static int gc_runs_under(const GcProject *p, const StateDir *state, bool *ret, Error *reterr) {
        _cleanup_(project_state_freep) ProjectState *now = NULL;
        int r = project_state_load(state->fd, &state->user, &now, reterr);

        if (r < 0)
                return error_prefix(reterr, r, "project '%s'", state->root);
        *ret = now && streq_ptr(now->id, p->id);
        return 0;
}

static int gc_tidy_instance(const GcProject *p, const StateDir *state, const char *name, bool known,
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
static int gc_tidy_instances(const GcProject *p, const StateDir *state, Error *reterr) {
        _cleanup_strv_ char **names = NULL;
        int r = instances_list(state, &names, reterr);

        STRV_FOREACH (name, names)
                if (r >= 0)
                        r = gc_tidy_instance(p, state, *name, /* known= */ true, reterr);
        return r;
}

/* The one that p is. */
static int gc_tidy_own_instance(const GcProject *p, const char *root, const char *name, Error *reterr) {
        _cleanup_(state_dir_done) StateDir state = STATE_DIR_NULL;
        struct stat st;
        int r = state_dir_open(root, &p->gc->user, &state, reterr);

        if (r < 0 || state.fd < 0 || fstat(state.root_fd, &st) < 0 || st.st_uid != p->gc->user.uid)
                return r;
        return gc_tidy_instance(p, &state, name, /* known= */ false, reterr);
}

static int gc_tidy_trees(const GcProject *p, const StateDir *state, Error *reterr) {
        _cleanup_strv_ char **names = NULL;
        bool runs_here = false;
        int r;

        if (state->fd < 0)
                return 0;
        r = gc_tidy_instances(p, state, reterr);
        if (r >= 0)
                r = gc_tidy_trash(p, state, reterr);
        /* Only what ran since the host was booted has a lock there to be asked. */
        if (r < 0 || !p->claimed)
                return r;
        r = gc_runs_under(p, state, &runs_here, reterr);
        if (r < 0 || !runs_here)
                return r;
        r = state_dir_list(state, &names, reterr);
        STRV_FOREACH (name, names)
                if (r >= 0)
                        r = gc_tidy_ephemeral(p, state, *name, reterr);
        return r;
}

/* Is this the project's directory, and does it belong to the user who asks? Root works for its users as they
 * ask, and for itself. */
static bool gc_is_the_users(const GcProject *p, int root_fd) {
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

        if (!gc_is_the_users(p, fd))
                return 0;
        if (instance_path_parse(root, &whole, &instance))
                return gc_tidy_own_instance(p, whole, instance, reterr);
        STRV_FOREACH (name, p->names)
                if (r >= 0)
                        r = gc_tidy_machine(p, *name, reterr);
        if (r >= 0)
                r = gc_tidy_network(p, reterr);
        if (r >= 0)
                r = state_dir_open(root, &p->gc->user, &state, reterr);
        /* Another user may have put another directory, or a link, at the path by now. */
        if (r < 0 || !gc_is_the_users(p, state.root_fd))
                return r;
        return gc_tidy_trees(p, &state, reterr);
}
