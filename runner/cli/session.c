/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "cli/elevate.h"
#include "cli/flake.h"
#include "cli/session.h"
#include "project/identity.h"
#include "project/root.h"
#include "project/runtime-dir.h"
#include "spec/path.h"
#include "spec/spec-parse.h"

#define FOUND_ROOT "--root="
#define FOUND_SPEC "--spec="

static int find_root(const Globals *globals, char **ret, Error *reterr) {
        const char *given = globals->found_root ? globals->found_root : globals->root;
        _cleanup_free_ char *root = NULL;
        struct stat st;

        if (!given)
                return project_root_find(".", ret, reterr);
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

/* Made absolute without resolving links: the name that the user knows is the one in messages. */
static char *absolute(const char *path) {
        _cleanup_free_ char *cwd = NULL;

        if (path[0] == '/')
                return xstrdup(path);
        cwd = getcwd(NULL, 0);
        return xasprintf("%s/%s", cwd ? cwd : ".", path);
}

/* What the flake's specification was when it was last built; its link when there is none. */
static char *last_built(const char *root) {
        _cleanup_free_ char *link = flake_built_link(root);
        char *path = realpath(link, NULL);

        return path ? path : TAKE_PTR(link);
}

static int find_spec(const Globals *globals, const char *root, const InvokingUser *user, ProgressMode mode,
                     char **ret, Error *reterr) {
        const char *given = globals->found_spec ? globals->found_spec : globals->spec;
        _cleanup_free_ char *path = xasprintf("%s/" SESSION_SPEC_NAME, root);

        if (given)
                *ret = absolute(given);
        else if (faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) >= 0 || !flake_exists(root))
                *ret = TAKE_PTR(path);
        else if (globals->builds)
                return flake_build(root, user, /* keep= */ globals->keeps, mode, ret, reterr);
        else
                *ret = last_built(root);
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
        r = find_spec(globals, ret->root, &ret->user, ret->progress, &ret->spec_path, reterr);
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
        state_dir_done(&s->state);
        facts_done(&s->facts);
        *s = SESSION_NULL;
}

static bool is_last_built(const Session *s) {
        _cleanup_free_ char *link = flake_built_link(s->root);

        return streq(s->spec_path, link);
}

int session_load_spec(Session *s, Error *reterr) {
        _cleanup_free_ char *text = NULL;
        _cleanup_close_ int fd = open(s->spec_path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        size_t size;
        int r;

        if (fd < 0 && errno == ENOENT && is_last_built(s)) {
                _cleanup_free_ char *command = session_command(s, "up", NULL);

                (void) error_raise(reterr, FC_EXIT_USAGE, "the specification of '%s/flake.nix' is not built",
                                   s->root);
                error_add_hint(reterr, "build it and start: %s", command);
                return -ENOENT;
        }
        if (fd < 0 && errno == ENOENT) {
                (void) error_raise(reterr, FC_EXIT_USAGE, "no specification: '%s' does not exist",
                                   s->spec_path);
                error_add_hint(reterr, "write one (docs/SPEC.md), or name it: --spec FILE");
                return -ENOENT;
        }
        if (fd < 0)
                return error_set(reterr, errno, "open '%s'", s->spec_path);
        r = fs_read_fd(fd, s->spec_path, SPEC_SIZE_MAX, &text, &size, reterr);
        if (r < 0)
                return r;
        r = spec_parse(text, size, &s->spec, reterr);
        return r < 0 ? error_prefix(reterr, r, "%s", s->spec_path) : 0;
}

static int select_from(char *const *all, char *const *names, const Session *s, char ***ret_names,
                       Error *reterr) {
        _cleanup_strv_ char **selected = NULL;

        STRV_FOREACH (name, names) {
                if (!strv_contains(all, *name)) {
                        _cleanup_free_ char *list = strv_join(all, ", ");

                        (void) error_raise(reterr, FC_EXIT_USAGE, "no container '%s' in '%s'", *name,
                                           s->spec_path);
                        error_add_hint(reterr, "there %s: %s", strv_length(all) == 1 ? "is" : "are", list);
                        return -EINVAL;
                }
                if (!strv_contains(selected, *name))
                        strv_push(&selected, *name);
        }
        *ret_names = names && *names ? TAKE_PTR(selected) : strv_copy(all);
        return 0;
}

static char **spec_names(const Session *s) {
        char **all = NULL;

        for (size_t i = 0; s->spec && i < s->spec->n_containers; i++)
                strv_push(&all, s->spec->containers[i].name);
        return all;
}

int session_select(const Session *s, char *const *names, char ***ret_names, Error *reterr) {
        _cleanup_strv_ char **all = spec_names(s);

        return select_from(all, names, s, ret_names, reterr);
}

int session_open_selected(const Globals *globals, char *const *operands, Session *ret, char ***ret_names,
                          Error *reterr) {
        int r;

        r = session_open(globals, ret, reterr);
        if (r >= 0)
                r = session_load_spec(ret, reterr);
        return r < 0 ? r : session_select(ret, operands, ret_names, reterr);
}

static int known_names(const Session *s, char ***ret, Error *reterr) {
        _cleanup_strv_ char **all = spec_names(s), **stored = NULL;
        int r = state_dir_list(&s->state, &stored, reterr);

        if (r < 0)
                return r;
        STRV_FOREACH (name, stored)
                if (!strv_contains(all, *name))
                        strv_push(&all, *name);
        *ret = TAKE_PTR(all);
        return 0;
}

int session_select_known(const Session *s, char *const *names, char ***ret_names, Error *reterr) {
        _cleanup_strv_ char **all = NULL;
        int r = known_names(s, &all, reterr);

        return r < 0 ? r : select_from(all, names, s, ret_names, reterr);
}

int session_open_records(const Globals *globals, char *const *operands, bool follow, Session *ret,
                         char ***ret_names, Error *reterr) {
        int r;

        r = session_open(globals, ret, reterr);
        if (r >= 0)
                r = session_load_spec(ret, reterr);
        if (r >= 0)
                r = session_select_known(ret, operands, ret_names, reterr);
        if (r >= 0 && follow && ret->state.fd < 0)
                r = state_dir_make(&ret->state, reterr);
        return r;
}

int session_require_container(const Session *s, const char *name, Error *reterr) {
        char *const names[] = {(char *) name, NULL};
        _cleanup_strv_ char **selected = NULL;

        return session_select_known(s, names, &selected, reterr);
}

char *session_machine(const Session *s, const char *container) {
        return identity_machine_name(s->id, container);
}

/* The one in NAME-up and the like: beside it there is a flake-containers that has its own. */
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

char *session_read_end(const Session *s, const char *name) {
        _cleanup_close_ int project = -EBADF, container = -EBADF, fd = -EBADF;
        char *text = NULL;

        if (runtime_dir_open(RUNTIME_DIR_BASE, s->id, &project, NULL) < 0 || project < 0 ||
            runtime_dir_container_open(project, name, &container, NULL) < 0 || container < 0 ||
            fs_open_beneath_optional(container, "exit", O_RDONLY, &fd, NULL) < 0 || fd < 0)
                return NULL;
        return fs_read_fd(fd, "exit", 4096, &text, NULL, NULL) < 0 ? NULL : text;
}

int session_not_running(const Session *s, const char *container, Error *reterr) {
        _cleanup_free_ char *command = session_command(s, "up", container);
        int r;

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
                r = find_spec(globals, root, &user, mode, &spec, reterr);
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
