/* SPDX-License-Identifier: MIT */

/* A work tree that libgit2 has accepted before, as the `.containers` in it tells, is recognised without
 * it. */

#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "host/user.h"
#include "project/git-ask.h"
#include "project/git-dir.h"
#include "project/place.h"
#include "project/root.h"
#include "project/state-dir.h"
#include "spec/path.h"

static bool owner_is_ours(uid_t owner, const InvokingUser *invoking) {
        return owner == geteuid() || (geteuid() == 0 && owner == invoking->uid);
}

/* The first of the places whose owner git checks that does not belong to us; owned by the caller. */
static char *find_foreign(git_repository *repository, const InvokingUser *invoking, uid_t *ret_owner) {
        const char *work_tree = git_repository_workdir(repository);
        _cleanup_free_ char *link = work_tree ? xasprintf("%s.git", work_tree) : NULL;
        const char *paths[] = {work_tree, link, git_repository_path(repository)};

        for (size_t i = 0; i < ELEMENTSOF(paths); i++) {
                struct stat st;

                if (paths[i] && lstat(paths[i], &st) >= 0 && !owner_is_ours(st.st_uid, invoking)) {
                        *ret_owner = st.st_uid;
                        /* libgit2's directories end in a slash. */
                        return xstrndup(paths[i], strlen(paths[i]) - (paths[i] != link));
                }
        }
        return NULL;
}

static int raise_git(int code, const char *start, Error *reterr) {
        _cleanup_free_ char *broken = code == GIT_ENOTFOUND ? git_dir_find_work_tree(start) : NULL;
        int r;

        /* A worktree or submodule whose repository has moved, or a half-made one. */
        if (broken)
                r = error_raise(reterr, FC_EXIT_USAGE, "'%s/.git' does not lead to a git repository",
                                broken);
        else if (code == GIT_ENOTFOUND)
                r = error_raise(reterr, FC_EXIT_USAGE, "'%s' is in no git repository", start);
        else
                r = error_raise(reterr, FC_EXIT_USAGE, "open the git repository of '%s': %s", start,
                                git_ask_message());
        error_add_hint(reterr, "%sname the project by --root DIR",
                       !broken && code == GIT_ENOTFOUND ? "make one by 'git init', or " : "");
        return r;
}

static int open_foreign(git_repository **repository, const char *start, const InvokingUser *invoking,
                        Error *reterr) {
        _cleanup_free_ char *path = NULL, *name = NULL;
        uid_t owner;
        int code, r;

        /* libgit2 knows of SUDO_UID, but not of PKEXEC_UID and DOAS_USER; and 1.5 says "not found" of other
         * people's repositories when there is no safe.directory at all. So what it refuses is looked at once
         * more. Opening reads configuration and runs nothing. */
        (void) git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
        code = git_repository_open_ext(repository, start, 0, NULL);
        (void) git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 1);
        if (code < 0)
                return raise_git(code, start, reterr);

        path = find_foreign(*repository, invoking, &owner);
        if (!path)
                return 0;
        name = user_name(owner);
        r = error_raise(reterr, FC_EXIT_USAGE,
                        "'%s' belongs to %s, and git works in other people's repositories "
                        "only when told to",
                        path, name);
        error_add_hint(reterr, "git config --global --add safe.directory '%s'", path);
        error_add_hint(reterr, "or name the project by --root DIR");
        return r;
}

static int find_work_tree(const GitQuestion *q, GitAnswer *answer, Error *reterr) {
        const char *work_tree, *bare, *start = q->start;
        git_repository *repository = NULL;
        _cleanup_free_ char *root = NULL;
        int code, r;

        code = git_ask_open(&repository, start);
        if (code == GIT_EOWNER || code == GIT_ENOTFOUND)
                r = open_foreign(&repository, start, q->invoking, reterr);
        else
                r = code < 0 ? raise_git(code, start, reterr) : 0;
        if (r < 0)
                return r;

        work_tree = git_repository_workdir(repository);
        if (git_repository_is_bare(repository) || !work_tree) {
                bare = git_repository_path(repository); /* ends in a slash */
                r = error_raise(reterr, FC_EXIT_USAGE,
                                "'%s' is in the bare git repository '%.*s', which has no work tree", start,
                                (int) strlen(bare) - 1, bare);
                error_add_hint(reterr,
                               "go to a clone or a worktree of it, or name the project by --root DIR");
                return r;
        }

        root = realpath(work_tree, NULL);
        if (!root)
                return error_set(reterr, errno, "resolve the work tree '%s'", work_tree);
        (void) snprintf(answer->path, sizeof(answer->path), "%s", root);
        return 0;
}

static int find_by_git(const char *start, const InvokingUser *invoking, char **ret, Error *reterr) {
        const GitQuestion question = {.ask = find_work_tree, .start = start, .invoking = invoking};
        _cleanup_(git_answer_freep) GitAnswer *answer = NULL;
        int r;

        r = git_ask(&question, &answer, reterr);
        if (r >= 0)
                *ret = xstrdup(answer->path);
        return r;
}

/* The project in a work tree: the one that --subdir names, or else the nearest. */
static int find_place(const char *work_tree, const char *start, const char *subdir, char **ret,
                      Error *reterr) {
        _cleanup_free_ char *path = NULL, *place = NULL;
        int r;

        if (!subdir) {
                *ret = place_find(work_tree, start);
                return 0;
        }
        path = subdir[0] ? xasprintf("%s/%s", work_tree, subdir) : xstrdup(work_tree);
        place = realpath(path, NULL);
        if (place && path_is_within(place, work_tree) && place_is_project(place)) {
                *ret = TAKE_PTR(place);
                return 0;
        }
        r = error_raise(reterr, FC_EXIT_USAGE,
                        "there is no '%s/" PROJECT_FLAKE_NAME "', whose command this is", path);
        error_add_hint(reterr, "go to the git repository of the flake, or name the project by --root DIR");
        return r;
}

static bool path_is(const char *directory, const char *name, mode_t type, const InvokingUser *invoking) {
        _cleanup_free_ char *path = xasprintf("%s/%s", directory, name);
        struct stat st;

        return lstat(path, &st) >= 0 && (type == 0 || (st.st_mode & S_IFMT) == type) &&
               (!invoking || owner_is_ours(st.st_uid, invoking));
}

/* NULL also when it is one, but libgit2 has to have a look at it (its owner may be in safe.directory). */
static char *find_known(const char *start, const char *subdir, const InvokingUser *invoking) {
        _cleanup_free_ char *work_tree = git_dir_find_work_tree(start), *root = NULL;

        if (work_tree && path_is(work_tree, ".", S_IFDIR, invoking) &&
            path_is(work_tree, ".git", 0, invoking) &&
            find_place(work_tree, start, subdir, &root, NULL) >= 0 &&
            path_is(root, STATE_DIR_NAME, S_IFDIR, NULL) &&
            path_is(root, STATE_DIR_NAME "/" STATE_DIR_TAG, S_IFREG, NULL))
                return TAKE_PTR(root);
        return NULL;
}

static int root_find(const char *start, const char *subdir, const InvokingUser *invoking, char **ret,
                     Error *reterr) {
        _cleanup_free_ char *real = realpath(start, NULL), *from = NULL, *work_tree = NULL;
        char *root;
        int r;

        if (!real) {
                int saved = errno;

                return error_raise(reterr, FC_EXIT_USAGE, "find the project of '%s': %s", start,
                                   strerror(saved));
        }
        from = place_leave_state(real);
        root = find_known(from, subdir, invoking);
        if (root) {
                *ret = root;
                return 0;
        }
        r = find_by_git(from, invoking, &work_tree, reterr);
        return r < 0 ? r : find_place(work_tree, from, subdir, ret, reterr);
}

int project_root_find(const char *start, const char *subdir, char **ret_root, Error *reterr) {
        _cleanup_(user_fs_leave) UserFs guard = USER_FS_NULL;
        InvokingUser invoking;
        int r;

        r = user_invoking(&invoking, reterr);
        if (r < 0)
                return r;
        r = root_find(start, subdir, &invoking, ret_root, reterr);
        if (r >= 0 || r == -ETIMEDOUT || geteuid() != 0 || invoking.uid == 0)
                return r;

        /* A home on NFS may be closed to root and open to the user. The first error is the one to report. */
        if (user_fs_enter(&invoking, &guard, NULL) >= 0 &&
            root_find(start, subdir, &invoking, ret_root, NULL) >= 0) {
                error_done(reterr);
                return 0;
        }
        return r;
}
