/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "ops/shared-use.h"
#include "screen/progress.h"
#include "state/runtime-dir.h"

#define USERS_PREFIX  "@shared."
#define DEFINER       "worktree"
#define PATHS_MAX     ((size_t) 256 * PATH_MAX)
#define PATIENCE_USEC (60 * USEC_PER_SEC)

/* ---- the files ---- */

static const char *own_worktree(const Project *project) {
        return project->worktree ? project->worktree : project->root;
}

static bool is_gone(const char *worktree) {
        return access(worktree, F_OK) < 0 && (errno == ENOENT || errno == ENOTDIR);
}

/* A missing one has none. @ret: those that are there, owned by the caller. */
static int read_worktrees(int dir_fd, const char *name, char ***ret, Error *reterr) {
        _cleanup_strv_ char **worktrees = NULL;
        _cleanup_close_ int fd = -EBADF;
        _cleanup_free_ char *text = NULL;
        size_t size = 0;
        int r = fs_open_file_beneath_optional(dir_fd, name, &fd, reterr);

        *ret = NULL;
        if (r < 0 || fd < 0)
                return r;
        r = fs_read_fd(fd, name, PATHS_MAX, &text, &size, reterr);
        if (r < 0)
                return r;
        for (size_t i = 0; i < size; i += strlen(text + i) + 1)
                if (!is_gone(text + i))
                        strv_push(&worktrees, text + i);
        *ret = TAKE_PTR(worktrees);
        return 0;
}

static int write_worktrees(int dir_fd, const char *name, char *const *worktrees, Error *reterr) {
        _cleanup_free_ char *text = NULL;
        size_t size = 0;

        STRV_FOREACH (worktree, worktrees) {
                size_t n = strlen(*worktree) + 1;

                text = xreallocarray(text, size + n, 1);
                memcpy(text + size, *worktree, n);
                size += n;
        }
        return fs_write_fleeting(dir_fd, name, text ? text : "", size, 0644, reterr);
}

static int read_users(const Project *project, const char *container, char ***ret) {
        _cleanup_free_ char *file = xasprintf(USERS_PREFIX "%s", container);
        _cleanup_close_ int fd = -EBADF;

        *ret = NULL;
        return runtime_dir_open(RUNTIME_DIR_BASE, project->id, &fd, NULL) < 0 || fd < 0
                       ? 0
                       : read_worktrees(fd, file, ret, NULL);
}

/* ---- using ---- */

static bool project_shares(const Project *project, const char *name) {
        const ContainerSpec *c = project->spec ? spec_find(project->spec, name) : NULL;

        return !project->state.instance && c && c->shared;
}

/* @ret_fd: of the project's directory in /run, with LOCK_SHARED; -EBADF: none of them is shared. */
static int shared_lock(const Project *project, char *const *names, const char *verb, int *ret_fd, Lock *ret,
                       Error *reterr) {
        bool any = false;
        int fd;

        *ret_fd = -EBADF;
        STRV_FOREACH (name, names)
                any = any || project_shares(project, *name);
        if (!any)
                return 0;
        fd = runtime_dir_make(RUNTIME_DIR_BASE, project->id, project->state.user.uid, reterr);
        if (fd < 0)
                return fd;
        *ret_fd = fd;
        return lock_acquire(fd, LOCK_SHARED, verb, PATIENCE_USEC, NULL, NULL, ret, reterr);
}

static int shared_use_one(const Project *project, int fd, const char *name, char ***ret, Error *reterr) {
        _cleanup_free_ char *file = xasprintf(USERS_PREFIX "%s", name);
        _cleanup_strv_ char **users = NULL;
        int r = read_worktrees(fd, file, &users, reterr);

        if (r < 0 || strv_contains(users, own_worktree(project)))
                return r;
        strv_push(&users, own_worktree(project));
        if (ret)
                strv_push(ret, name);
        return write_worktrees(fd, file, users, reterr);
}

int shared_use(const Project *project, char *const *names, const char *verb, char ***ret, Error *reterr) {
        _cleanup_(lock_release) Lock lock = LOCK_NULL;
        _cleanup_close_ int fd = -EBADF;
        int r = shared_lock(project, names, verb, &fd, &lock, reterr);

        STRV_FOREACH (name, names)
                if (r >= 0 && project_shares(project, *name))
                        r = shared_use_one(project, fd, *name, ret, reterr);
        return r;
}

/* @others: without this work tree. */
static int shared_give_back_one(const Project *project, int fd, const char *name, char ***ret_others,
                                Error *reterr) {
        _cleanup_free_ char *file = xasprintf(USERS_PREFIX "%s", name);
        _cleanup_strv_ char **users = NULL;
        int r = read_worktrees(fd, file, &users, reterr);

        if (r < 0)
                return r;
        STRV_FOREACH (user, users)
                if (!streq(*user, own_worktree(project)))
                        strv_push(ret_others, *user);
        if (*ret_others)
                return write_worktrees(fd, file, *ret_others, reterr);
        return unlinkat(fd, file, 0) < 0 && errno != ENOENT ? error_set(reterr, errno, "remove '%s'", file)
                                                            : 0;
}

static void shared_tell_kept(const Project *project, const char *name, char *const *others) {
        _cleanup_(progress_freep) Progress *progress = progress_new(project->progress, stderr, NULL);
        _cleanup_free_ char *list = strv_join(others, "', '"),
                            *text = xasprintf("%s: not stopped, since it is shared, and used in '%s'", name,
                                              list);

        progress_note(progress, text);
}

int shared_give_back(const Project *project, char ***names, const char *verb, Lock *ret, Error *reterr) {
        _cleanup_strv_ char **stopped = NULL;
        _cleanup_close_ int fd = -EBADF;
        int r = shared_lock(project, *names, verb, &fd, ret, reterr);

        if (r < 0 || fd < 0)
                return r;
        STRV_FOREACH (name, *names) {
                _cleanup_strv_ char **others = NULL;

                if (project_shares(project, *name)) {
                        r = shared_give_back_one(project, fd, *name, &others, reterr);
                        if (r < 0)
                                return r;
                }
                if (others)
                        shared_tell_kept(project, *name, others);
                else
                        strv_push(&stopped, *name);
        }
        strv_free(*names);
        *names = TAKE_PTR(stopped);
        return 0;
}

char **shared_find_users(const Project *project, const char *name) {
        _cleanup_strv_ char **users = NULL;
        char **others = NULL;

        if (!project_shares(project, name))
                return NULL;
        (void) read_users(project, name, &users);
        STRV_FOREACH (user, users)
                if (!streq(*user, own_worktree(project)))
                        strv_push(&others, *user);
        return others;
}

char **shared_find_kept(const Project *project, char *const *names) {
        char **kept = NULL;

        STRV_FOREACH (name, names) {
                _cleanup_strv_ char **others = shared_find_users(project, *name);

                if (!others)
                        continue;
                shared_tell_kept(project, *name, others);
                strv_push(&kept, *name);
        }
        return kept;
}

bool shared_is_used(const Project *project, const char *name) {
        _cleanup_strv_ char **users = NULL;

        (void) read_users(project, name, &users);
        return users;
}

/* ---- defining ---- */

int shared_note_definer(const Project *project, int runtime_fd, Error *reterr) {
        char *const worktrees[] = {(char *) own_worktree(project), NULL};

        return write_worktrees(runtime_fd, DEFINER, worktrees, reterr);
}

int shared_find_definer(const Project *project, const char *name, char **ret, Error *reterr) {
        _cleanup_close_ int project_fd = -EBADF, fd = -EBADF;
        _cleanup_strv_ char **worktrees = NULL;
        int r;

        *ret = NULL;
        if (!project_shares(project, name))
                return 0;
        r = runtime_dir_open(RUNTIME_DIR_BASE, project->id, &project_fd, reterr);
        if (r >= 0 && project_fd >= 0)
                r = runtime_dir_container_open(project_fd, name, &fd, reterr);
        if (r >= 0 && fd >= 0)
                r = read_worktrees(fd, DEFINER, &worktrees, reterr);
        if (r < 0)
                return error_in_container(reterr, r, name);
        if (worktrees && !streq(worktrees[0], own_worktree(project)))
                *ret = xstrdup(worktrees[0]);
        return 0;
}
