/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/paths.h"
#include "base/strv.h"
#include "project/migration.h"
#include "project/way.h"
#include "spec/name.h"

#define TEXT                                                                                                \
        "# Made without root: files belong to the user and to the user's subordinate ids.\n"                \
        "# flake-containers knows it by this file.\n"

/* Other files may be the user's. Return: whether it is what containers have left. */
static int way_is_kept(int dir_fd, const char *name) {
        struct stat st;

        if (!streq(name, STATE_DIR_VOLUMES) && name_check_container(name, NULL) < 0)
                return 0;
        if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? 0 : -errno;
        return S_ISDIR(st.st_mode);
}

/* Return: of which way the mark says that what is kept is. */
static int way_marked(int dir_fd, KeptWay *ret) {
        struct stat st;

        if (fstatat(dir_fd, WAY_MARK, &st, AT_SYMLINK_NOFOLLOW) >= 0)
                *ret = S_ISREG(st.st_mode) ? KEPT_ROOTLESS : KEPT_ROOT;
        else if (errno == ENOENT)
                *ret = KEPT_ROOT;
        else
                return -errno;
        return 0;
}

static int way_look_in(int dir_fd, KeptWay *ret, Error *reterr) {
        _cleanup_strv_ char **names = NULL;
        int r = fs_list(dir_fd, &names), kept = 0;

        STRV_FOREACH (name, names)
                if (r >= 0 && kept == 0)
                        r = kept = way_is_kept(dir_fd, *name);
        *ret = KEPT_NOTHING;
        if (r >= 0 && kept > 0)
                r = way_marked(dir_fd, ret);
        return r < 0 ? error_set(reterr, r, "look at what '" STATE_DIR_NAME "' has") : 0;
}

/* What a user cannot enter is not theirs, as all is that was made without root; and what is no directory is
 * told of by what needs one. */
int way_look(int root_fd, KeptWay *ret, Error *reterr) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_close_ int fd = -EBADF;
        int r = fs_open_beneath_optional(root_fd, STATE_DIR_NAME, O_RDONLY | O_DIRECTORY, &fd, &error);

        *ret = KEPT_NOTHING;
        if (r == -EACCES || r == -ENOTDIR || r == -ELOOP)
                return 0;
        if (r < 0)
                error_move(reterr, &error);
        return r < 0 || fd < 0 ? r : way_look_in(fd, ret, reterr);
}

static int raise_changes(const StateDir *dir, const Migration *m, Error *reterr) {
        const char *way = m->rootless ? "rootless" : "root";
        int r = error_raise(reterr, FC_EXIT_CONFLICT,
                            "what '%s/" STATE_DIR_NAME "' has is being changed over, by 'migrate %s'",
                            dir->root, way);

        error_add_hint(reterr,
                       "if that was interrupted, it goes on: flake-containers --root '%s' migrate %s",
                       dir->root, way);
        return r;
}

int way_check(const StateDir *dir, bool rootless, Error *reterr) {
        KeptWay kept = KEPT_NOTHING;
        Migration migration;
        bool changes;
        int r = dir->fd < 0 ? 0 : way_look_in(dir->fd, &kept, reterr);

        if (r >= 0)
                r = migration_read(dir, &changes, &migration, reterr);
        if (r >= 0 && changes)
                return raise_changes(dir, &migration, reterr);
        if (r < 0 || kept == KEPT_NOTHING || (kept == KEPT_ROOTLESS) == rootless)
                return r;
        r = error_raise(reterr, FC_EXIT_CONFLICT,
                        rootless ? "what '%s/" STATE_DIR_NAME "' has was made with root, and this is without"
                                 : "what '%s/" STATE_DIR_NAME
                                   "' has was made without root, and this is root",
                        dir->root);
        error_add_hint(reterr,
                       rootless ? "to go on as before: without --rootless, FC_ELEVATE and \"rootless\""
                                : "to go on as before: as its user, without sudo");
        error_add_hint(reterr,
                       "to change over, with all that it has: flake-containers --root '%s' migrate %s",
                       dir->root, rootless ? "rootless" : "root");
        return r;
}

int way_mark(const StateDir *dir, bool rootless, Error *reterr) {
        /* A disk that is read-only refuses to remove what is not there, too. */
        bool marked = faccessat(dir->fd, WAY_MARK, F_OK, AT_SYMLINK_NOFOLLOW) >= 0;
        int r = 0;

        if (!rootless && marked)
                r = unlinkat(dir->fd, WAY_MARK, 0) < 0 && errno != ENOENT
                            ? error_set(reterr, errno, "remove '" WAY_MARK "'")
                            : 0;
        else if (rootless && !marked)
                r = fs_write_atomic(dir->fd, WAY_MARK, TEXT, strlen(TEXT), 0644, reterr);
        return r < 0 ? error_prefix(reterr, r, "state in '%s/" STATE_DIR_NAME "'", dir->root) : 0;
}

bool way_is_told(const WayFacts *f) {
        return f->option || (f->variable && f->variable[0] != '\0');
}

Way way_choose(const WayFacts *f) {
        if (way_is_told(f))
                return f->option || streq(f->variable, WAY_VARIABLE) ? WAY_NAMESPACE : WAY_ROOT;
        if (f->declared || f->kept == KEPT_ROOTLESS)
                return WAY_NAMESPACE;
        return f->tool || f->kept == KEPT_ROOT ? WAY_ROOT : WAY_NAMESPACE;
}
