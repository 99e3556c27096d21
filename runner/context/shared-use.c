/* SPDX-License-Identifier: MIT */

#include <fcntl.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "context/locks.h"
#include "context/shared-use.h"
#include "screen/progress.h"
#include "state/runtime-dir.h"
#include "state/work-trees.h"

#define USERS_PREFIX "@shared."
#define DEFINER      "worktree"

static char *users_file(const char *container) {
        return xasprintf(USERS_PREFIX "%s", container);
}

/* ---- what there is ---- */

/* As which the project is worked on. */
static int look_at_own(const Project *project, Checkout *ret, Error *reterr) {
        _cleanup_close_ int fd = -EBADF;

        if (!project->worktree)
                return checkout_look(project->state.root_fd, project->root, ret, reterr);
        fd = open(project->worktree, O_PATH | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 ? error_set(reterr, errno, "open '%s'", project->worktree)
                      : checkout_look(fd, project->worktree, ret, reterr);
}

static bool says_shared(const Project *project, const char *name) {
        const ContainerSpec *c = project->spec ? spec_find(project->spec, name) : NULL;

        return c && c->shared;
}

/* @dir_fd: the project's directory in /run; -EBADF: there is none. */
static int is_used_as_shared(const Project *project, int dir_fd, const char *name, bool *ret,
                             Error *reterr) {
        _cleanup_free_ char *file = users_file(name);

        *ret = !project->state.instance && says_shared(project, name);
        return *ret || dir_fd < 0 || project->state.instance ? 0 : fs_is_there(dir_fd, file, ret, reterr);
}

/* Whether it could become one meanwhile: it is not this specification's, and the project has shared some. */
static int may_be_shared(const Project *project, int dir_fd, const char *name, bool *ret, Error *reterr) {
        int r = is_used_as_shared(project, dir_fd, name, ret, reterr);

        if (r < 0 || *ret || dir_fd < 0 || project->state.instance ||
            (project->spec && spec_find(project->spec, name)))
                return r;
        return fs_is_there(dir_fd, LOCK_SHARED ".lock", ret, reterr);
}

static int read_users(const Project *project, const char *name, WorkTrees *ret, Error *reterr) {
        _cleanup_free_ char *file = users_file(name);
        _cleanup_close_ int fd = -EBADF;
        int r = project->state.instance ? 0 : runtime_dir_open(RUNTIME_DIR_BASE, project->id, &fd, reterr);

        return r < 0 || fd < 0 ? r : work_trees_read(fd, file, ret, reterr);
}

/* @ret: owned by the caller, NULL: there are none. */
static int find_others(const Project *project, const WorkTrees *trees, char ***ret, Error *reterr) {
        _cleanup_(checkout_done) Checkout own = {};
        int r = trees->n > 0 ? look_at_own(project, &own, reterr) : 0;

        *ret = r >= 0 && trees->n > 0 ? work_trees_find_others(trees, &own) : NULL;
        return r;
}

int shared_find_users(const Project *project, const char *name, char ***ret, Error *reterr) {
        _cleanup_(work_trees_done) WorkTrees users = {};
        int r = read_users(project, name, &users, reterr);

        if (r >= 0)
                r = find_others(project, &users, ret, reterr);
        return error_in_container(reterr, r, name);
}

static void tell_kept(const Project *project, const char *name, char *const *others) {
        _cleanup_(progress_freep) Progress *progress = progress_new(project->progress, stderr, NULL);
        _cleanup_free_ char *list = strv_join(others, "', '"),
                            *text = xasprintf("%s: not stopped, since it is shared, and used in '%s'", name,
                                              list);

        progress_note(progress, text);
}

int shared_find_kept(const Project *project, char *const *names, char ***ret, Error *reterr) {
        _cleanup_strv_ char **kept = NULL;

        STRV_FOREACH (name, names) {
                _cleanup_strv_ char **others = NULL;
                int r = shared_find_users(project, *name, &others, reterr);

                if (r < 0)
                        return r;
                if (!others)
                        continue;
                tell_kept(project, *name, others);
                strv_push(&kept, *name);
        }
        *ret = TAKE_PTR(kept);
        return 0;
}

int shared_refuse_used(const Project *project, char *const *names, Error *reterr) {
        STRV_FOREACH (name, names) {
                _cleanup_strv_ char **others = NULL;
                _cleanup_free_ char *list = NULL;
                int r = shared_find_users(project, *name, &others, reterr);

                if (r < 0)
                        return r;
                if (!others)
                        continue;
                list = strv_join(others, "', '");
                r = error_raise(reterr, FC_EXIT_CONFLICT, "'%s' is shared, and used in '%s'", *name, list);
                error_add_hint(reterr, "give it up there first: flake-containers down %s", *name);
                return r;
        }
        return 0;
}

/* ---- using ---- */

static void on_wait(const LockHolder *holder, void *userdata) {
        _cleanup_free_ char *what = lock_describe_wait(holder),
                            *text = xasprintf("shared containers: %s", what);

        progress_note(userdata, text);
}

/* @ret_fd: of the project's directory in /run, with LOCK_SHARED; -EBADF: none of them is shared. */
static int lock_shared(const Project *project, char *const *names, const char *verb, int *ret_fd, Lock *ret,
                       Error *reterr) {
        _cleanup_(progress_freep) Progress *progress = NULL;
        _cleanup_close_ int there_fd = -EBADF, fd = -EBADF;
        bool any = false;
        int r = runtime_dir_open(RUNTIME_DIR_BASE, project->id, &there_fd, reterr);

        *ret_fd = -EBADF;
        STRV_FOREACH (name, names)
                if (r >= 0 && !any)
                        r = may_be_shared(project, there_fd, *name, &any, reterr);
        if (r < 0 || !any)
                return r;
        fd = runtime_dir_make(RUNTIME_DIR_BASE, project->id, project->state.user.uid, reterr);
        if (fd < 0)
                return fd;
        progress = progress_new(project->progress, stderr, NULL);
        r = lock_acquire(fd, LOCK_SHARED, verb, LOCKS_TIMEOUT_USEC, on_wait, progress, ret, reterr);
        if (r >= 0)
                *ret_fd = TAKE_FD(fd);
        return r;
}

static int use_one(int fd, const char *name, const Checkout *own, char ***ret, Error *reterr) {
        _cleanup_(work_trees_done) WorkTrees users = {};
        _cleanup_free_ char *file = users_file(name);
        int r = work_trees_read(fd, file, &users, reterr);

        if (r < 0 || work_trees_have(&users, own))
                return r;
        work_trees_add(&users, own);
        r = work_trees_write(fd, file, &users, reterr);
        if (r >= 0 && ret)
                strv_push(ret, name);
        return r;
}

int shared_use(const Project *project, char *const *names, const char *verb, char ***ret, Error *reterr) {
        _cleanup_(lock_release) Lock lock = LOCK_NULL;
        _cleanup_(checkout_done) Checkout own = {};
        _cleanup_close_ int fd = -EBADF;
        int r = lock_shared(project, names, verb, &fd, &lock, reterr);

        if (r >= 0 && fd >= 0)
                r = look_at_own(project, &own, reterr);
        STRV_FOREACH (name, fd >= 0 ? names : NULL) {
                bool shared = false;

                if (r >= 0)
                        r = is_used_as_shared(project, fd, *name, &shared, reterr);
                if (r >= 0 && shared)
                        r = use_one(fd, *name, &own, ret, reterr);
        }
        return r;
}

/* ---- stopping ---- */

void shared_stop_done(SharedStop *stop) {
        lock_release(&stop->lock);
        (void) safe_close(stop->fd);
        strv_free(stop->names);
        *stop = SHARED_STOP_NULL;
}

static int give_up_one(int fd, const char *name, const Checkout *own, Error *reterr) {
        _cleanup_(work_trees_done) WorkTrees users = {};
        _cleanup_free_ char *file = users_file(name);
        int r = work_trees_read(fd, file, &users, reterr);

        work_trees_drop(&users, own);
        if (r < 0 || users.n > 0)
                return r < 0 ? r : work_trees_write(fd, file, &users, reterr);
        return unlinkat(fd, file, 0) < 0 && errno != ENOENT ? error_set(reterr, errno, "remove '%s'", file)
                                                            : 0;
}

/* @stop: has the lock. @ret: those that are to be stopped. */
static int part_used(const Project *project, char *const *names, SharedStop *stop, char ***ret,
                     Error *reterr) {
        _cleanup_(checkout_done) Checkout own = {};
        _cleanup_strv_ char **stopped = NULL;
        int r = look_at_own(project, &own, reterr);

        STRV_FOREACH (name, names) {
                _cleanup_strv_ char **others = NULL;

                if (r >= 0)
                        r = shared_find_users(project, *name, &others, reterr);
                if (r >= 0 && others)
                        r = give_up_one(stop->fd, *name, &own, reterr);
                if (r < 0)
                        return r;
                if (others)
                        tell_kept(project, *name, others);
                else
                        strv_push(&stopped, *name);
        }
        *ret = TAKE_PTR(stopped);
        return r;
}

int shared_stop_begin(const Project *project, char ***names, const char *verb, SharedStop *ret,
                      Error *reterr) {
        _cleanup_(shared_stop_done) SharedStop stop = SHARED_STOP_NULL;
        char **stopped = NULL;
        int r = lock_shared(project, *names, verb, &stop.fd, &stop.lock, reterr);

        if (r < 0 || stop.fd < 0)
                return r;
        r = part_used(project, *names, &stop, &stopped, reterr);
        if (r < 0)
                return r;
        strv_free(*names);
        *names = stopped;
        stop.names = strv_copy(stopped);
        *ret = stop;
        stop = SHARED_STOP_NULL;
        return 0;
}

int shared_stop_begin_all(const Project *project, char *const *names, const char *verb, SharedStop *ret,
                          Error *reterr) {
        _cleanup_(shared_stop_done) SharedStop stop = SHARED_STOP_NULL;
        int r = lock_shared(project, names, verb, &stop.fd, &stop.lock, reterr);

        if (r >= 0)
                r = shared_refuse_used(project, names, reterr);
        if (r < 0)
                return r;
        stop.names = strv_copy(names);
        *ret = stop;
        stop = SHARED_STOP_NULL;
        return 0;
}

int shared_stop_end(const Project *project, const SharedStop *stop, int r, Error *reterr) {
        _cleanup_(checkout_done) Checkout own = {};
        int k = 0;

        if (r < 0 || stop->fd < 0)
                return r;
        k = look_at_own(project, &own, reterr);
        STRV_FOREACH (name, stop->names)
                if (k >= 0)
                        k = give_up_one(stop->fd, *name, &own, reterr);
        return k < 0 && r == FC_EXIT_OK ? k : r;
}

/* ---- defining ---- */

int shared_note_definer(const Project *project, const char *name, int runtime_fd, int container_fd,
                        Error *reterr) {
        _cleanup_(work_trees_done) WorkTrees trees = {};
        _cleanup_(checkout_done) Checkout own = {};
        _cleanup_close_ int fd = -EBADF;
        bool shared = false;
        int r = runtime_dir_open(RUNTIME_DIR_BASE, project->id, &fd, reterr);

        if (r >= 0)
                r = is_used_as_shared(project, fd, name, &shared, reterr);
        if (r >= 0 && shared)
                r = look_at_own(project, &own, reterr);
        if (r < 0 || !shared)
                return r;
        work_trees_add(&trees, &own);
        r = work_trees_write(runtime_fd, DEFINER, &trees, reterr);
        return r < 0 ? r : work_trees_write(container_fd, DEFINER, &trees, reterr);
}

int shared_is_of_others(const Project *project, const char *name, bool *ret, Error *reterr) {
        _cleanup_(work_trees_done) WorkTrees trees = {};
        _cleanup_strv_ char **users = NULL, **others = NULL;
        _cleanup_close_ int fd = -EBADF;
        int r = shared_find_users(project, name, &users, reterr);

        if (r >= 0 && !users)
                r = state_dir_container_open(&project->state, name, &fd, reterr);
        if (r >= 0 && fd >= 0)
                r = work_trees_read(fd, DEFINER, &trees, reterr);
        if (r >= 0)
                r = find_others(project, &trees, &others, reterr);
        *ret = users || others;
        return error_in_container(reterr, r, name);
}

static int read_definer(const Project *project, const char *name, WorkTrees *ret, Error *reterr) {
        _cleanup_close_ int project_fd = -EBADF, fd = -EBADF;
        bool shared = false;
        int r = runtime_dir_open(RUNTIME_DIR_BASE, project->id, &project_fd, reterr);

        if (r >= 0)
                r = is_used_as_shared(project, project_fd, name, &shared, reterr);
        if (r >= 0 && shared && project_fd >= 0)
                r = runtime_dir_container_open(project_fd, name, &fd, reterr);
        return r < 0 || fd < 0 ? r : work_trees_read(fd, DEFINER, ret, reterr);
}

int shared_find_definer(const Project *project, const char *name, char **ret, Error *reterr) {
        _cleanup_(work_trees_done) WorkTrees trees = {};
        _cleanup_strv_ char **others = NULL;
        int r = read_definer(project, name, &trees, reterr);

        if (r >= 0)
                r = find_others(project, &trees, &others, reterr);
        *ret = others ? xstrdup(others[0]) : NULL;
        return error_in_container(reterr, r, name);
}
