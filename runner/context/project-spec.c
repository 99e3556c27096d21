/* SPDX-License-Identifier: MIT */

/* The part of project.h that is about the specification: finding it, loading it, and doing without. */

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "context/flake.h"
#include "context/instance.h"
#include "context/project-spec.h"
#include "project/place.h"
#include "spec/spec-parse.h"

#define FLAKE_SIZE_MAX (1024 * 1024)

/* ---- finding ---- */

/* The specification that was built last of the flake; the link to it when it is gone. */
static char *spec_last_built(const char *root) {
        _cleanup_free_ char *link = flake_built_link(root);
        char *path = realpath(link, NULL);

        return path ? path : TAKE_PTR(link);
}

static int spec_read_flake(const char *path, char **ret, size_t *ret_size, Error *reterr) {
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

        if (fd < 0)
                return error_set(reterr, errno, "open '%s'", path);
        return fs_read_fd(fd, path, FLAKE_SIZE_MAX, ret, ret_size, reterr);
}

/* A command of another project's flake would take the containers of this project for its own, stop them
 * and start others in their state. */
static int spec_check_flake(const Globals *globals, const char *root, Error *reterr) {
        _cleanup_free_ char *path = xasprintf("%s/" PROJECT_FLAKE_NAME, root), *text = NULL, *own = NULL;
        size_t size, own_size;
        int r;

        /* --root says which project is meant. */
        if (!globals->of_flake || globals->root)
                return 0;
        r = spec_read_flake(globals->of_flake, &text, &size, reterr);
        if (r < 0)
                return r;
        if (spec_read_flake(path, &own, &own_size, NULL) >= 0 && size == own_size &&
            memcmp(text, own, size) == 0)
                return 0;
        r = error_raise(reterr, FC_EXIT_CONFLICT,
                        "'%s' is not the project of this command: its flake.nix is another one", root);
        error_add_hint(reterr, "go to the project; if flake.nix has changed since, build the command anew");
        error_add_hint(reterr, "or say that this is meant: --root '%s'", root);
        return r;
}

static void spec_say_old_state(const char *root, ProgressMode mode) {
        _cleanup_free_ char *top = place_old_state(root), *text = NULL;
        _cleanup_(progress_freep) Progress *progress = NULL;

        if (!top)
                return;
        progress = progress_new(mode, stderr, NULL);
        text = xasprintf("'%s/" STATE_DIR_NAME "' is not used here: the project is '%s'. To go on with it: "
                         "flake-containers --root '%s' down; mv '%s/" STATE_DIR_NAME "' '%s/'",
                         top, root, top, top, root);
        progress_note(progress, text);
}

/* A guest that can write to the whole project can make either. */
static void spec_say_which(const char *root, ProgressMode mode) {
        _cleanup_(progress_freep) Progress *progress = progress_new(mode, stderr, NULL);
        _cleanup_free_ char *text = xasprintf("'%s' has a " PROJECT_SPEC_NAME " and a " PROJECT_FLAKE_NAME
                                              ": " PROJECT_SPEC_NAME " is used",
                                              root);

        progress_note(progress, text);
}

int project_find_spec(const ProjectRequest *request, const char *root, const InvokingUser *user,
                      ProgressMode mode, char **ret, Error *reterr) {
        const Globals *globals = request->globals;
        _cleanup_free_ char *path = xasprintf("%s/" PROJECT_SPEC_NAME, root);
        bool declared, flake;
        int r;

        if (request->handed.spec) {
                *ret = xstrdup(request->handed.spec);
                return 0;
        }
        /* One that was looked at was not built for that. */
        if (!request->builds && !request->handed.root && request->found && request->found->spec_path) {
                *ret = xstrdup(request->found->spec_path);
                return 0;
        }
        if (request->keeps)
                spec_say_old_state(root, mode);
        if (globals->spec) {
                r = request->builds ? spec_check_flake(globals, root, reterr) : 0;
                if (r >= 0)
                        *ret = project_typed_path(request, globals->spec);
                return r;
        }
        declared = faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) >= 0;
        flake = flake_exists(root);
        if (declared && flake && request->builds)
                spec_say_which(root, mode);
        if (declared || !flake) {
                *ret = TAKE_PTR(path);
                return 0;
        }
        if (request->builds)
                return flake_build(root, user, request->wanted, /* keep= */ request->keeps, mode, ret,
                                   reterr);
        *ret = spec_last_built(root);
        return 0;
}

/* ---- loading ---- */

static int spec_read_file(const char *path, char **ret, size_t *ret_size, Error *reterr) {
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

        return fd < 0 ? error_set(reterr, errno, "open '%s'", path)
                      : fs_read_fd(fd, path, SPEC_SIZE_MAX, ret, ret_size, reterr);
}

static int spec_load_file(const char *path, Spec **ret, Error *reterr) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r = spec_read_file(path, &text, &size, reterr);

        if (r < 0)
                return r;
        r = spec_parse(text, size, ret, reterr);
        return r < 0 ? error_prefix(reterr, r, "%s", path) : 0;
}

int project_spec_look(const char *path, Spec **ret, Error *reterr) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r = spec_read_file(path, &text, &size, &error);

        *ret = NULL;
        /* A file that is not there, or not this user's to read, or not a file. */
        if (r == -ENOENT || r == -EACCES || r == -ENOTDIR || r == -ELOOP || r == -EISDIR)
                return 0;
        if (r < 0)
                error_move(reterr, &error);
        else
                (void) spec_parse(text, size, ret, NULL);
        return r < 0 ? r : 0;
}

static bool spec_is_last_built(const Project *project) {
        _cleanup_free_ char *link = flake_built_link(project->root);

        return streq(project->spec_path, link);
}

static int spec_raise_missing(const Project *project, Error *reterr) {
        if (spec_is_last_built(project)) {
                _cleanup_free_ char *command = project_command(project, "up", NULL);

                (void) error_raise(reterr, FC_EXIT_USAGE, "the specification of '%s/flake.nix' is not built",
                                   project->root);
                error_add_hint(reterr, "build it and start: %s", command);
                return -ENOENT;
        }
        (void) error_raise(reterr, FC_EXIT_USAGE, "no specification: '%s' does not exist",
                           project->spec_path);
        error_add_hint(reterr, "write one to begin with: flake-containers init");
        error_add_hint(reterr, "or by hand (man " SPEC_MANUAL "), or name one: --spec FILE");
        return -ENOENT;
}

int project_load_spec(Project *project, Error *reterr) {
        int r = project->spec_found || access(project->spec_path, F_OK) >= 0 ? 0 : -errno;

        project->spec = TAKE_PTR(project->spec_found);
        r = project->spec  ? 0
            : r == -ENOENT ? spec_raise_missing(project, reterr)
                           : spec_load_file(project->spec_path, &project->spec, reterr);
        if (r >= 0 && project->state.instance)
                instance_change_spec(project);
        return r;
}

void project_load_if_possible(Project *project) {
        project->spec_missing = project_load_spec(project, &project->spec_error) == -ENOENT;
}

void project_say_ignored(const Project *project) {
        _cleanup_(progress_freep) Progress *progress = NULL;
        _cleanup_free_ char *text = NULL;

        if (!error_is_set(&project->spec_error) || project->spec_missing)
                return;
        progress = progress_new(project->progress, stderr, NULL);
        text = xasprintf("%s, ignoring", project->spec_error.message);
        progress_note(progress, text);
}

/* ---- what containers were started from ---- */

/* The link that protect_from_gc() makes. It is the user's, as any file is that `--spec` could name. */
static char *spec_read_started_link(const Project *project, const char *name) {
        _cleanup_(user_fs_leave) UserFs guard = USER_FS_NULL;
        _cleanup_close_ int fd = -EBADF;
        char target[PATH_MAX];
        ssize_t n;

        if (state_dir_container_open(&project->state, name, &fd, NULL) < 0 || fd < 0 ||
            user_fs_enter(&project->state.user, &guard, NULL) < 0)
                return NULL;
        n = readlinkat(fd, PROJECT_STARTED_LINK, target, sizeof(target));
        return n <= 0 || (size_t) n >= sizeof(target) || target[0] != '/' ? NULL
                                                                          : xstrndup(target, (size_t) n);
}

const ContainerSpec *project_container_spec(Project *project, const char *name) {
        const ContainerSpec *c = project->spec ? spec_find(project->spec, name) : NULL;
        _cleanup_free_ char *path = c ? NULL : spec_read_started_link(project, name);
        Spec *spec = NULL;

        if (!path || spec_load_file(path, &spec, NULL) < 0)
                return c;
        *XGROW(project->started, project->n_started) = spec;
        return spec_find(spec, name);
}

static bool spec_link_time(int dir_fd, const char *path, struct timespec *ret) {
        struct stat st;

        if (fstatat(dir_fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISLNK(st.st_mode))
                return false;
        *ret = st.st_mtim;
        return true;
}

bool project_is_newer(const Project *project, const char *name) {
        _cleanup_(user_fs_leave) UserFs guard = USER_FS_NULL;
        _cleanup_free_ char *link = flake_built_link(project->root),
                            *target = access(link, F_OK) < 0 ? NULL : realpath(link, NULL);
        _cleanup_close_ int fd = -EBADF;
        struct timespec built, started;

        /* The user named another one. */
        if (!target || !streq(target, project->spec_path))
                return false;
        if (state_dir_container_open(&project->state, name, &fd, NULL) < 0 || fd < 0 ||
            user_fs_enter(&project->state.user, &guard, NULL) < 0 ||
            !spec_link_time(AT_FDCWD, link, &built) || !spec_link_time(fd, PROJECT_STARTED_LINK, &started))
                return false;
        return started.tv_sec != built.tv_sec ? started.tv_sec > built.tv_sec
                                              : started.tv_nsec > built.tv_nsec;
}
