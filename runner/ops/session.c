/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "record/stop-record.h"
#include "base/alloc.h"
#include "base/fs.h"
#include "host/elevate.h"
#include "ops/elsewhere.h"
#include "ops/session-spec.h"
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

int session_open(const Globals *globals, Session *ret, Error *reterr) {
        int r;

        *ret = (Session){.globals = globals, .state = STATE_DIR_NULL};
        r = progress_mode(globals, &ret->progress, reterr);
        if (r >= 0)
                r = user_invoking(&ret->user, reterr);
        if (r >= 0)
                r = find_root(globals, &ret->root, reterr);
        if (r < 0)
                return r;
        ret->id = identity_project_id(ret->root);
        r = session_find_spec(globals, ret->root, &ret->user, ret->progress, &ret->spec_path, reterr);
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

void session_done(Session *s) {
        free(s->root);
        free(s->id);
        free(s->spec_path);
        (void) spec_free(s->spec);
        for (size_t i = 0; i < s->n_started; i++)
                (void) spec_free(s->started[i]);
        free(s->started);
        error_done(&s->spec_error);
        sources_done(&s->sources);
        state_dir_done(&s->state);
        facts_done(&s->facts);
        *s = SESSION_NULL;
}

int session_open_sources(Session *s, Error *reterr) {
        if (s->sources.opened)
                return 0;
        return sources_open(s->root, s->state.root_fd, s->state.fd, &s->state.user, &s->user, s->spec,
                            &s->sources, reterr);
}

char *session_machine(const Session *s, const char *container) {
        return identity_machine_name(s->id, container);
}

/* The flake-containers of NAME-up has one: beside it lies another that builds its own. */
static bool spec_is_baked(const Session *s) {
        const char *spec = s->globals->spec;

        for (size_t i = 0; spec && s->spec && i < s->spec->n_containers; i++) {
                const ContainerSpec *c = &s->spec->containers[i];
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

char *session_command(const Session *s, const char *verb, const char *operand) {
        const Globals *g = s->globals;
        _cleanup_strv_ char **words = NULL;

        strv_push(&words, "flake-containers");
        push_option(&words, "-C", g->directory);
        push_option(&words, "--root", g->root);
        push_option(&words, "--spec", spec_is_baked(s) ? NULL : g->spec);
        strv_push(&words, verb);
        if (operand)
                strv_push(&words, operand);
        return strv_join(words, " ");
}

int session_load_state(const Session *s, const char *container, ContainerState **ret, Error *reterr) {
        _cleanup_close_ int fd = -EBADF;
        int r;

        *ret = NULL;
        r = state_dir_container_open(&s->state, container, &fd, reterr);
        if (r < 0 || fd < 0)
                return r;
        return container_state_load(fd, container, &s->state.user, ret, reterr);
}

int session_open_runtime(const Session *s, const char *name) {
        _cleanup_close_ int project = -EBADF;
        int fd;

        if (runtime_dir_open(RUNTIME_DIR_BASE, s->id, &project, NULL) < 0 || project < 0 ||
            runtime_dir_container_open(project, name, &fd, NULL) < 0)
                return -EBADF;
        return fd;
}

bool session_is_stopping(const Session *s, const char *name, bool runs) {
        _cleanup_close_ int container = session_open_runtime(s, name);

        return container >= 0 && (runs ? stop_record_holds(container) : stop_record_exists(container));
}

char *session_read_end(const Session *s, const char *name) {
        _cleanup_close_ int container = session_open_runtime(s, name), fd = -EBADF;
        char *text = NULL;

        if (container < 0 || fs_open_beneath_optional(container, "exit", O_RDONLY, &fd, NULL) < 0 || fd < 0)
                return NULL;
        return fs_read_fd(fd, "exit", 4096, &text, NULL, NULL) < 0 ? NULL : text;
}

int session_not_running(const Session *s, const char *container, Error *reterr) {
        _cleanup_free_ char *command = session_command(s, "up", container), *where = NULL;
        _cleanup_(container_state_freep) ContainerState *state = NULL;
        int r;

        if (session_load_state(s, container, &state, NULL) >= 0 &&
            elsewhere_find(s, container, state, &where, NULL) >= 0 && where) {
                r = error_raise(reterr, FC_EXIT_NOT_RUNNING, "container '%s' runs as %s, not as one of '%s'",
                                container, where, s->root);
                elsewhere_add_hint(reterr);
                return r;
        }
        r = error_raise(reterr, FC_EXIT_NOT_RUNNING, "container '%s' is not running", container);
        error_add_hint(reterr, "start it: %s", command);
        return r;
}

int session_elevate(const Globals *globals, int argc, char **argv, Error *reterr) {
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
                r = session_find_spec(globals, root, &user, mode, &spec, reterr);
        if (r < 0)
                return r;
        strv_pushf(&extra, FOUND_ROOT "%s", root);
        strv_pushf(&extra, FOUND_SPEC "%s", spec);
        return elevate(argc, argv, extra, reterr);
}

char **session_adopt(Globals *globals, char **argv) {
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
