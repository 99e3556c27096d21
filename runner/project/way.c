/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/paths.h"
#include "base/strv.h"
#include "project/way.h"
#include "spec/name.h"

#define TEXT                                                                                                \
        "# Made without root: files belong to the user and to the user's subordinate ids.\n"                \
        "# flake-containers knows it by this file.\n"

/* Other files may be the user's. */
static bool way_is_kept(int dir_fd, const char *name) {
        struct stat st;

        return (streq(name, STATE_DIR_VOLUMES) || name_check_container(name, NULL) >= 0) &&
               fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) >= 0 && S_ISDIR(st.st_mode);
}

static KeptWay way_look_in(int dir_fd) {
        _cleanup_strv_ char **names = NULL;
        struct stat st;

        if (fstatat(dir_fd, WAY_MARK, &st, AT_SYMLINK_NOFOLLOW) >= 0 && S_ISREG(st.st_mode))
                return KEPT_ROOTLESS;
        if (fs_list(dir_fd, &names) < 0)
                return KEPT_NOTHING;
        STRV_FOREACH (name, names)
                if (way_is_kept(dir_fd, *name))
                        return KEPT_ROOT;
        return KEPT_NOTHING;
}

KeptWay way_look(int root_fd) {
        _cleanup_close_ int fd = -EBADF;

        return fs_open_beneath_optional(root_fd, STATE_DIR_NAME, O_RDONLY | O_DIRECTORY, &fd, NULL) < 0 ||
                               fd < 0
                       ? KEPT_NOTHING
                       : way_look_in(fd);
}

int way_check(const StateDir *dir, bool rootless, Error *reterr) {
        KeptWay kept = dir->fd < 0 ? KEPT_NOTHING : way_look_in(dir->fd);
        int r;

        if (kept == KEPT_NOTHING || (kept == KEPT_ROOTLESS) == rootless)
                return 0;
        r = error_raise(reterr, FC_EXIT_CONFLICT,
                        rootless ? "what '%s/" STATE_DIR_NAME "' has was made with root, and this is without"
                                 : "what '%s/" STATE_DIR_NAME
                                   "' has was made without root, and this is root",
                        dir->root);
        error_add_hint(reterr,
                       rootless ? "to go on as before: without --rootless, FC_ELEVATE and \"rootless\""
                                : "to go on as before: as its user, without sudo");
        error_add_hint(reterr,
                       "to change over, without what it has: %sflake-containers --root '%s' rm --all; what "
                       "is to stay "
                       "can be copied out before (flake-containers cp)",
                       rootless ? "sudo " : "", dir->root);
        return r;
}

int way_mark(const StateDir *dir, Error *reterr) {
        int r = 0;

        if (faccessat(dir->fd, WAY_MARK, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
                r = fs_write_atomic(dir->fd, WAY_MARK, TEXT, strlen(TEXT), 0644, reterr);
        return r < 0 ? error_prefix(reterr, r, "state in '%s/" STATE_DIR_NAME "'", dir->root) : 0;
}

Way way_choose(const WayFacts *f) {
        if (f->option || streq_ptr(f->variable, WAY_VARIABLE))
                return WAY_NAMESPACE;
        if (f->variable && f->variable[0] != '\0')
                return WAY_ROOT;
        if (f->declared || f->kept == KEPT_ROOTLESS)
                return WAY_NAMESPACE;
        return f->tool || f->kept == KEPT_ROOT ? WAY_ROOT : WAY_NAMESPACE;
}
