/* SPDX-License-Identifier: MIT */

#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/strv.h"
#include "context/flake-record.h"
#include "context/flake.h"
#include "project/place.h"
#include "spec/name.h"
#include "spec/spec.h"

/* The specification of some containers is a file of its own, so that the other verbs go on reading that
 * of all. */
#define LINK_NAME      PROJECT_SPEC_NAME
#define PART_LINK_NAME "flake-containers.part.json"
#define NAMES_MARK     "containers: "

bool flake_exists(const char *root) {
        _cleanup_free_ char *path = xasprintf("%s/" PROJECT_FLAKE_NAME, root);

        return access(path, F_OK) >= 0;
}

char *flake_built_link(const char *root) {
        return xasprintf("%s/" STATE_DIR_NAME "/" LINK_NAME, root);
}

/* What is to be built. */
typedef struct Wanted {
        char *names;     /* in the record: "*", or sorted and each once: "db+web" */
        char *attribute; /* flake-containers.spec, flake-containers.with.db.with.web.spec */
        char **each;     /* NULL: all */
} Wanted;

static void wanted_done(Wanted *w) {
        free(w->names);
        free(w->attribute);
        strv_free(w->each);
}

static int flake_compare(const void *a, const void *b) {
        return strcmp(*(char *const *) a, *(char *const *) b);
}

static void wanted_init(char *const *names, Wanted *ret) {
        _cleanup_strv_ char **sorted = strv_copy(names), **each = NULL, **words = NULL;

        if (!sorted) {
                *ret = (Wanted){xstrdup("*"), xstrdup(".#flake-containers.spec"), NULL};
                return;
        }
        qsort(sorted, strv_length(sorted), sizeof(*sorted), flake_compare);
        strv_push(&words, ".#flake-containers");
        STRV_FOREACH (name, sorted) {
                if (strv_contains(each, *name))
                        continue;
                strv_push(&each, *name);
                strv_pushf(&words, "with.%s", *name);
        }
        strv_push(&words, "spec");
        *ret = (Wanted){strv_join(each, "+"), strv_join(words, "."), NULL};
        ret->each = TAKE_PTR(each);
}

static int prepare(Nix *nix, const char *link, const Wanted *wanted, ProgressMode mode, Error *reterr) {
        strv_push(&nix->argv, "build");
        /* While one works on a flake its tree is dirty all the time. */
        strv_push(&nix->argv, "--no-warn-dirty");
        strv_push(&nix->argv, "--out-link");
        strv_push(&nix->argv, link);
        /* Run in the flake's directory, since a path in a flake reference takes no '#', '?', '%' and,
         * depending on the release, no space. */
        strv_push(&nix->argv, wanted->attribute);
        return mode == PROGRESS_QUIET || mode == PROGRESS_JSON ? nix_keep_output(nix, reterr) : 0;
}

static bool path_is_plain(const char *path) {
        return path[strspn(path, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._-")] ==
               '\0';
}

/* The names of the flake's containers, which Nix can tell even when the containers themselves are wrong.
 * Owned by the caller; NULL: it cannot. */
static char **ask_for_names(const Nix *other) {
        _cleanup_(nix_done) Nix nix = NIX_NULL;
        _cleanup_free_ char *text = NULL;
        bool interrupted = false;
        char *save = NULL, **names = NULL;
        const char *found;

        nix.user = other->user;
        nix.directory = other->directory;
        if (nix_open(&nix, NULL) < 0 || nix_keep_output(&nix, NULL) < 0)
                return NULL;
        strv_push(&nix.argv, "eval");
        strv_push(&nix.argv, "--raw");
        strv_push(&nix.argv, ".#flake-containers.names");
        strv_push(&nix.argv, "--apply");
        strv_push(&nix.argv, "names: \"" NAMES_MARK "\" + toString names");
        if (nix_run(&nix, &interrupted, NULL) != 0)
                return NULL;
        /* The names come after anything else that Nix has printed. */
        text = nix_output(&nix);
        found = text ? strstr(text, NAMES_MARK) : NULL;
        if (!found)
                return NULL;
        for (char *name = strtok_r((char *) found + strlen(NAMES_MARK), " \n", &save); name;
             name = strtok_r(NULL, " \n", &save))
                strv_push(&names, name);
        return names;
}

static int raise_refused(const Nix *nix, const Wanted *wanted, int status, Error *reterr) {
        _cleanup_strv_ char **known = wanted->each ? ask_for_names(nix) : NULL;
        int r;

        STRV_FOREACH (name, wanted->each) {
                _cleanup_free_ char *list = NULL;

                if (!known || strv_contains(known, *name))
                        continue;
                list = strv_join(known, ", ");
                r = error_raise(reterr, FC_EXIT_USAGE, "no container '%s' in '%s/" PROJECT_FLAKE_NAME "'",
                                *name, nix->directory);
                error_add_hint(reterr, "there %s: %s", strv_length(known) == 1 ? "is" : "are", list);
                return r;
        }
        r = error_raise(reterr, status == 126 || status == 127 ? FC_EXIT_HOST : FC_EXIT_USAGE,
                        "nix does not build the specification: exit status %d", status);
        nix_add_evidence(nix, reterr);
        error_add_hint(reterr, "by hand: cd '%s' && nix build '%s'", nix->directory, wanted->attribute);
        return r;
}

static int build(const Nix *nix, const Wanted *wanted, Error *reterr) {
        bool interrupted = false;
        int r;

        r = nix_run(nix, &interrupted, reterr);
        if (r <= 0)
                return r;
        if (interrupted || r == 128 + SIGINT)
                return error_raise(reterr, FC_EXIT_INTERRUPTED,
                                   "interrupted while nix built the specification");
        r = raise_refused(nix, wanted, r, reterr);
        if (!path_is_plain(nix->directory))
                error_add_hint(reterr,
                               "not all releases of nix can build a flake in a directory of this name");
        return r;
}

static int read_link(const char *link, char **ret, Error *reterr) {
        char target[PATH_MAX];
        ssize_t n = readlink(link, target, sizeof(target) - 1);

        if (n < 0)
                return error_set(reterr, errno, "read the link '%s' that nix has made", link);
        target[n] = '\0';
        *ret = xstrdup(target);
        return 0;
}

static int build_for_once(Nix *nix, const Wanted *wanted, ProgressMode mode, char **ret_path,
                          Error *reterr) {
        _cleanup_(user_fs_leave) UserFs guard = USER_FS_NULL;
        char directory[] = "/tmp/flake-containers-XXXXXX";
        _cleanup_free_ char *link = NULL;
        int r;

        r = user_fs_enter(&nix->user, &guard, reterr);
        if (r < 0)
                return r;
        if (!mkdtemp(directory))
                return error_set(reterr, errno, "make a directory in /tmp");
        user_fs_leave(&guard);
        link = xasprintf("%s/" LINK_NAME, directory);
        r = prepare(nix, link, wanted, mode, reterr);
        if (r >= 0)
                r = build(nix, wanted, reterr);
        if (r >= 0)
                r = read_link(link, ret_path, reterr);
        (void) unlink(link);
        (void) rmdir(directory);
        return r;
}

static int build_to_keep(Nix *nix, const Wanted *wanted, StateDir *state, ProgressMode mode, char **ret_path,
                         Error *reterr) {
        _cleanup_free_ char *link = NULL;
        FlakeHash hash;
        int r;

        r = state_dir_make(state, reterr);
        if (r < 0)
                return r;
        link = xasprintf("%s/" STATE_DIR_NAME "/%s", state->root, wanted->each ? PART_LINK_NAME : LINK_NAME);
        hash = flake_record_hash(nix);
        r = prepare(nix, link, wanted, mode, reterr);
        if (r >= 0)
                r = build(nix, wanted, reterr);
        if (r >= 0)
                r = read_link(link, ret_path, reterr);
        if (r >= 0)
                flake_record_add(state, nix, hash, wanted->names, *ret_path);
        return r;
}

int flake_build(const char *root, const InvokingUser *invoking, char *const *names, bool keep,
                ProgressMode mode, char **ret_path, Error *reterr) {
        _cleanup_(state_dir_done) StateDir state = STATE_DIR_NULL;
        _cleanup_(wanted_done) Wanted wanted = {};
        _cleanup_(nix_done) Nix nix = NIX_NULL;
        int r;

        /* They become part of what Nix is asked for. */
        STRV_FOREACH (name, names) {
                r = name_check(*name, "container", reterr);
                if (r < 0)
                        return r;
        }
        r = state_dir_open(root, invoking, &state, reterr);
        if (r < 0)
                return r;
        nix.directory = root;
        nix.user = invoking->uid != 0 ? *invoking : state.user;
        r = nix_open(&nix, reterr);
        if (r < 0) {
                error_add_hint(reterr,
                               "or write the specification by hand: '%s/" PROJECT_SPEC_NAME
                               "' (man " SPEC_MANUAL ")",
                               root);
                return r;
        }
        wanted_init(names, &wanted);
        if (state.fd >= 0) {
                *ret_path = flake_record_find(&state, flake_record_hash(&nix), wanted.names);
                if (*ret_path)
                        return 0;
        }
        /* In root's directory a user can leave no link. */
        if (!keep || nix.user.uid != state.user.uid)
                return build_for_once(&nix, &wanted, mode, ret_path, reterr);
        return build_to_keep(&nix, &wanted, &state, mode, ret_path, reterr);
}
