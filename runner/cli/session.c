/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "cli/elevate.h"
#include "cli/session.h"
#include "project/identity.h"
#include "project/root.h"
#include "spec/spec-parse.h"

static int find_root(const Globals *globals, char **ret, Error *reterr) {
        _cleanup_free_ char *root = NULL;
        struct stat st;

        if (!globals->root)
                return project_root_find(".", ret, reterr);
        root = realpath(globals->root, NULL);
        if (!root || stat(root, &st) < 0)
                return errno == ENOENT ? error_raise(reterr, FC_EXIT_USAGE,
                                                     "project root '%s' does not exist", globals->root)
                                       : error_set(reterr, errno, "project root '%s'", globals->root);
        if (!S_ISDIR(st.st_mode))
                return error_raise(reterr, FC_EXIT_USAGE, "project root '%s' is not a directory", root);
        *ret = TAKE_PTR(root);
        return 0;
}

/* Made absolute without resolving links: the name that the user knows is the one in messages. */
static char *spec_path(const Globals *globals, const char *root) {
        _cleanup_free_ char *cwd = NULL;

        if (!globals->spec)
                return xasprintf("%s/" SESSION_SPEC_NAME, root);
        if (globals->spec[0] == '/')
                return xstrdup(globals->spec);
        cwd = getcwd(NULL, 0);
        return xasprintf("%s/%s", cwd ? cwd : ".", globals->spec);
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
        ret->spec_path = spec_path(globals, ret->root);
        r = state_dir_open(ret->root, &ret->user, &ret->state, reterr);
        if (r < 0)
                return r;
        ret->backend = backend_choose();
        return facts_gather(&ret->facts, reterr);
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

int session_load_spec(Session *s, Error *reterr) {
        _cleanup_free_ char *text = NULL;
        _cleanup_close_ int fd = open(s->spec_path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        size_t size;
        int r;

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

int session_require_container(const Session *s, const char *name, Error *reterr) {
        char *const names[] = {(char *) name, NULL};
        _cleanup_strv_ char **selected = NULL;

        return session_select_known(s, names, &selected, reterr);
}

char *session_machine(const Session *s, const char *container) {
        return identity_machine_name(s->id, container);
}

char *session_command(const Session *s, const char *verb, const char *operand) {
        const Globals *g = s->globals;

        return xasprintf("flake-containers%s%s%s%s %s%s%s", g->root ? " --root " : "",
                         g->root ? g->root : "", g->spec ? " --spec " : "", g->spec ? g->spec : "", verb,
                         operand ? " " : "", operand ? operand : "");
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
        int r;

        r = find_root(globals, &root, reterr);
        if (r < 0)
                return r;
        spec = spec_path(globals, root);
        strv_pushf(&extra, "--root=%s", root);
        strv_pushf(&extra, "--spec=%s", spec);
        return elevate(argc, argv, extra, reterr);
}

void session_adopt(Globals *globals, char **argv) {
        /* argv[1] is the mark, and what session_elevate() put there follows it. */
        const char *root = argv[2] ? startswith(argv[2], "--root=") : NULL;
        const char *spec = root && argv[3] ? startswith(argv[3], "--spec=") : NULL;

        if (!spec)
                return;
        free(globals->root);
        free(globals->spec);
        free(globals->directory);
        globals->root = xstrdup(root);
        globals->spec = xstrdup(spec);
        globals->directory = NULL;
}
