/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "record/stop-record.h"
#include "base/alloc.h"
#include "base/fs.h"
#include "host/elevate.h"
#include "ops/elsewhere.h"
#include "ops/project-spec.h"
#include "state/identity.h"
#include "project/root.h"
#include "state/runtime-dir.h"
#include "spec/path.h"

#define FOUND_ROOT "--root="
#define FOUND_SPEC "--spec="

static int find_root(const Globals *globals, char **ret, Error *reterr) {
        const char *given = globals->found_root ? globals->found_root : globals->root;
        _cleanup_free_ char *root = NULL;
        struct stat st;

        if (!given)
                return project_root_find(".", globals->subdir, ret, reterr);
        root = realpath(given, NULL);
        if (!root || stat(root, &st) < 0)
                return errno == ENOENT ? error_raise(reterr, FC_EXIT_USAGE,
                                                     "project root '%s' does not exist", given)
                                       : error_set(reterr, errno, "project root '%s'", given);
        if (!S_ISDIR(st.st_mode))
                return error_raise(reterr, FC_EXIT_USAGE, "project root '%s' is not a directory", root);
        *ret = TAKE_PTR(root);
        return 0;
}

static int progress_mode(const Globals *globals, ProgressMode *ret, Error *reterr) {
        if (globals->quiet) {
                *ret = PROGRESS_QUIET;
                return 0;
        }
        *ret = PROGRESS_AUTO;
        return globals->progress ? progress_mode_parse(globals->progress, ret, reterr) : 0;
}

int project_open(const Globals *globals, Project *ret, Error *reterr) {
        int r;

        *ret = (Project){.globals = globals, .state = STATE_DIR_NULL};
        r = progress_mode(globals, &ret->progress, reterr);
        if (r >= 0)
                r = user_invoking(&ret->user, reterr);
        if (r >= 0)
                r = find_root(globals, &ret->root, reterr);
        if (r < 0)
                return r;
        ret->id = identity_project_id(ret->root);
        r = project_find_spec(globals, ret->root, &ret->user, ret->progress, &ret->spec_path, reterr);
        if (r < 0)
                return r;
        r = state_dir_open(ret->root, &ret->user, &ret->state, reterr);
        if (r < 0)
                return r;
        r = facts_gather(&ret->facts, reterr);
        if (r < 0)
                return r;
        return backend_choose(globals->backend, ret->facts.sd_booted, ret->facts.cgroup_unified,
                              &ret->backend, reterr);
}

void project_done(Project *project) {
        free(project->root);
        free(project->id);
        free(project->spec_path);
        (void) spec_free(project->spec);
        for (size_t i = 0; i < project->n_started; i++)
                (void) spec_free(project->started[i]);
        free(project->started);
        error_done(&project->spec_error);
        sources_done(&project->sources);
        state_dir_done(&project->state);
        facts_done(&project->facts);
        *project = PROJECT_NULL;
}

int project_open_sources(Project *project, Error *reterr) {
        if (project->sources.opened)
                return 0;
        return sources_open(project->root, project->state.root_fd, project->state.fd, &project->state.user,
                            &project->user, project->spec, &project->sources, reterr);
}

char *project_machine(const Project *project, const char *container) {
        return identity_machine_name(project->id, container);
}

/* The flake-containers of NAME-up has one: beside it lies another that builds its own. */
static bool spec_is_baked(const Project *project) {
        const char *spec = project->globals->spec;

        for (size_t i = 0; spec && project->spec && i < project->spec->n_containers; i++) {
                const ContainerSpec *c = &project->spec->containers[i];
                _cleanup_free_ char *store = c->toplevel ? container_spec_store(c) : NULL;

                if (store && path_is_within(spec, store))
                        return true;
        }
        return false;
}

static void push_option(char ***words, const char *option, const char *value) {
        if (value)
                strv_pushf(words, "%s %s", option, value);
}

char *project_command(const Project *project, const char *verb, const char *operand) {
        const Globals *g = project->globals;
        _cleanup_strv_ char **words = NULL;

        strv_push(&words, "flake-containers");
        push_option(&words, "-C", g->directory);
        push_option(&words, "--root", g->root);
        push_option(&words, "--spec", spec_is_baked(project) ? NULL : g->spec);
        strv_push(&words, verb);
        if (operand)
                strv_push(&words, operand);
        return strv_join(words, " ");
}

int project_load_state(const Project *project, const char *container, ContainerState **ret, Error *reterr) {
        _cleanup_close_ int fd = -EBADF;
        int r;

        *ret = NULL;
        r = state_dir_container_open(&project->state, container, &fd, reterr);
        if (r < 0 || fd < 0)
                return r;
        return container_state_load(fd, container, &project->state.user, ret, reterr);
}

int project_open_runtime(const Project *project, const char *name) {
        _cleanup_close_ int project_fd = -EBADF;
        int fd;

        if (runtime_dir_open(RUNTIME_DIR_BASE, project->id, &project_fd, NULL) < 0 || project_fd < 0 ||
            runtime_dir_container_open(project_fd, name, &fd, NULL) < 0)
                return -EBADF;
        return fd;
}

bool project_is_stopping(const Project *project, const char *name, bool runs) {
        _cleanup_close_ int container = project_open_runtime(project, name);

        return container >= 0 && (runs ? stop_record_holds(container) : stop_record_exists(container));
}

char *project_read_end(const Project *project, const char *name) {
        _cleanup_close_ int container = project_open_runtime(project, name), fd = -EBADF;
        char *text = NULL;

        if (container < 0 || fs_open_beneath_optional(container, "exit", O_RDONLY, &fd, NULL) < 0 || fd < 0)
                return NULL;
        return fs_read_fd(fd, "exit", 4096, &text, NULL, NULL) < 0 ? NULL : text;
}

int project_not_running(const Project *project, const char *container, Error *reterr) {
        _cleanup_free_ char *command = project_command(project, "up", container), *where = NULL;
        _cleanup_(container_state_freep) ContainerState *state = NULL;
        int r;

        if (project_load_state(project, container, &state, NULL) >= 0 &&
            elsewhere_find(project, container, state, &where, NULL) >= 0 && where) {
                r = error_raise(reterr, FC_EXIT_NOT_RUNNING, "container '%s' runs as %s, not as one of '%s'",
                                container, where, project->root);
                elsewhere_add_hint(reterr);
                return r;
        }
        r = error_raise(reterr, FC_EXIT_NOT_RUNNING, "container '%s' is not running", container);
        error_add_hint(reterr, "start it: %s", command);
        return r;
}

int project_elevate(const Globals *globals, int argc, char **argv, Error *reterr) {
        _cleanup_free_ char *root = NULL, *spec = NULL;
        _cleanup_strv_ char **extra = NULL;
        ProgressMode mode;
        InvokingUser user;
        int r;

        r = progress_mode(globals, &mode, reterr);
        if (r >= 0)
                r = user_invoking(&user, reterr);
        if (r >= 0)
                r = find_root(globals, &root, reterr);
        if (r >= 0)
                r = project_find_spec(globals, root, &user, mode, &spec, reterr);
        if (r < 0)
                return r;
        strv_pushf(&extra, FOUND_ROOT "%s", root);
        strv_pushf(&extra, FOUND_SPEC "%s", spec);
        return elevate(argc, argv, extra, reterr);
}

char **project_adopt(Globals *globals, char **argv) {
        const char *root = NULL, *spec = NULL;

        if (argv[0] && argv[1] && streq(argv[1], ELEVATE_MARK))
                root = argv[2] ? startswith(argv[2], FOUND_ROOT) : NULL;
        if (root)
                spec = argv[3] ? startswith(argv[3], FOUND_SPEC) : NULL;
        if (!spec)
                return argv + 1;
        globals->found_root = root;
        globals->found_spec = spec;
        return argv + 4;
}
