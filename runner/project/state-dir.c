/* SPDX-License-Identifier: MIT */

#include <assert.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/host-socket.h"
#include "base/strv.h"
#include "project/git-dir.h"
#include "project/source.h"
#include "project/state-dir.h"
#include "project/tracked.h"
#include "project/way.h"
#include "spec/name.h"
#include "state/state.h"

#define GITIGNORE "*\n"
#define TAG                                                                                                 \
        "Signature: 8a477f597d28d172789f06886806bc55\n"                                                     \
        "# This directory belongs to flake-containers. The tag makes backup programs leave it out.\n"       \
        "# See https://bford.info/cachedir/\n"

#define TAG_SIZE_MAX 4096

void state_dir_done(StateDir *dir) {
        free(dir->root);
        free(dir->git_index);
        free(dir->instance);
        (void) safe_close(dir->root_fd);
        (void) safe_close(dir->fd);
        *dir = STATE_DIR_NULL;
}

static int open_root(const char *root, const InvokingUser *invoking) {
        _cleanup_(user_fs_leave) UserFs guard = USER_FS_NULL;
        int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (fd < 0 && errno == EACCES && user_fs_enter(invoking, &guard, NULL) >= 0)
                fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

/* openat2() refuses these too; here they get a message that says what to do. */
static int refuse_other_type(const StateDir *dir, Error *reterr) {
        struct stat st;
        int r;

        if (fstatat(dir->root_fd, STATE_DIR_NAME, &st, AT_SYMLINK_NOFOLLOW) < 0 || S_ISDIR(st.st_mode))
                return 0;
        if (S_ISLNK(st.st_mode)) {
                r = error_raise(reterr, FC_EXIT_CONFLICT,
                                "'%s/" STATE_DIR_NAME "' is a symbolic link, which is not followed",
                                dir->root);
                error_add_hint(reterr,
                               "remove it; to keep the state elsewhere, mount that place on a directory "
                               "of this name");
                return r;
        }
        r = error_raise(reterr, FC_EXIT_CONFLICT, "'%s/" STATE_DIR_NAME "' is not a directory", dir->root);
        error_add_hint(reterr, "move it away");
        return r;
}

int state_dir_open(const char *root, const InvokingUser *invoking, StateDir *ret, Error *reterr) {
        _cleanup_(user_fs_leave) UserFs guard = USER_FS_NULL;
        _cleanup_(state_dir_done) StateDir dir = STATE_DIR_NULL;
        struct stat st;
        int r;

        dir.root = xstrdup(root);
        dir.root_fd = open_root(root, invoking);
        if (dir.root_fd < 0)
                return error_set(reterr, dir.root_fd, "open the project root '%s'", root);
        if (fstat(dir.root_fd, &st) < 0)
                return error_set(reterr, errno, "look at the project root '%s'", root);
        user_for_owner(invoking, st.st_uid, st.st_gid, &dir.user);

        r = user_fs_enter(&dir.user, &guard, reterr);
        if (r < 0)
                return r;
        r = refuse_other_type(&dir, reterr);
        if (r < 0)
                return r;
        r = fs_open_beneath_optional(dir.root_fd, STATE_DIR_NAME, O_RDONLY | O_DIRECTORY, &dir.fd, reterr);
        if (r < 0)
                return error_prefix(reterr, r, "project '%s'", root);

        *ret = dir;
        dir = STATE_DIR_NULL;
        return 0;
}

/* Puts the place in front of the message of a failed write, and says who could not write. */
static int state_dir_explain(const StateDir *dir, int r, Error *reterr) {
        struct stat st;

        (void) error_prefix(reterr, r, "state in '%s/" STATE_DIR_NAME "'", dir->root);
        if (r == -EACCES && fstat(dir->fd >= 0 ? dir->fd : dir->root_fd, &st) >= 0 &&
            st.st_uid != dir->user.uid) {
                _cleanup_free_ char *owner = user_name(st.st_uid), *user = user_name(dir->user.uid);

                error_add_hint(reterr, "'%s%s' belongs to %s, and files there are made as %s", dir->root,
                               dir->fd >= 0 ? "/" STATE_DIR_NAME : "", owner, user);
        }
        return r;
}

/* Writing the same bytes at the same place is harmless for two of us at once, and repairs what a killed one
 * left. */
static int put_file(int dir_fd, const char *name, const char *text, Error *reterr) {
        _cleanup_close_ int fd = -EBADF;
        size_t size = strlen(text);
        struct stat st;
        ssize_t n;

        if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) >= 0 && S_ISREG(st.st_mode) && st.st_size > 0 &&
            (size_t) st.st_size >= size)
                return 0;

        fd = fs_open_beneath(dir_fd, name, O_WRONLY | O_CREAT | O_NONBLOCK, 0644, reterr);
        if (fd < 0)
                return fd;
        n = pwrite(fd, text, size, 0);
        if (n < 0)
                return error_set(reterr, errno, "write '%s'", name);
        return (size_t) n == size ? 0 : error_set(reterr, ENOSPC, "write '%s'", name);
}

int state_dir_refuse_tracked(const StateDir *dir, Error *reterr) {
        _cleanup_(user_fs_leave) UserFs guard = USER_FS_NULL;
        bool tracked = false;
        int r;

        /* Either of root and the user may be the one who can read the repository. */
        r = tracked_has(dir->root, STATE_DIR_NAME, &tracked, reterr);
        if (r != -ETIMEDOUT && !tracked && user_fs_enter(&dir->user, &guard, NULL) >= 0 && guard.entered)
                r = tracked_has(dir->root, STATE_DIR_NAME, &tracked, reterr);
        if (r == -ETIMEDOUT)
                return r;
        error_done(reterr);
        if (!tracked)
                return 0;

        r = error_raise(reterr, FC_EXIT_CONFLICT,
                        "'%s/" STATE_DIR_NAME "' is tracked by git, and containers would change it",
                        dir->root);
        error_add_hint(reterr, "git -C '%s' rm -r --cached " STATE_DIR_NAME, dir->root);
        return r;
}

/* Asking libgit2 takes longer than all else that `up` does before it starts something, so it is asked once
 * for each state of the index. */
static int check_untracked(StateDir *dir, Error *reterr) {
        _cleanup_(project_state_freep) ProjectState *state = NULL;
        _cleanup_free_ char *index = tracked_index(dir->root);
        int r;

        /* Without an index nothing is tracked. */
        if (!index)
                return 0;
        /* A damaged state is reported by the functions that need it. */
        if (dir->fd >= 0)
                (void) project_state_load(dir->fd, &dir->user, &state, NULL);
        if (!state || !streq_ptr(state->git_index, index)) {
                r = git_dir_check(dir->root, reterr);
                if (r >= 0)
                        r = state_dir_refuse_tracked(dir, reterr);
                if (r < 0)
                        return r;
        }
        free(dir->git_index);
        dir->git_index = TAKE_PTR(index);
        return 0;
}

int state_dir_make(StateDir *dir, Error *reterr) {
        _cleanup_(user_fs_leave) UserFs guard = USER_FS_NULL;
        _cleanup_close_ int fd = -EBADF;
        struct stat st;
        int r;

        /* An instance's was made in one that is. */
        if (dir->instance)
                return 0;
        r = check_untracked(dir, reterr);
        if (r < 0)
                return r;
        r = user_fs_enter(&dir->user, &guard, reterr);
        if (r < 0)
                return r;
        r = refuse_other_type(dir, reterr);
        if (r < 0)
                return r;

        fd = fs_mkdir_beneath(dir->root_fd, STATE_DIR_NAME, 0700, reterr);
        if (fd < 0)
                return state_dir_explain(dir, fd, reterr);
        /* First of all, so that git never sees what follows. The tag is last: it says that all is there. */
        r = put_file(fd, ".gitignore", GITIGNORE, reterr);
        if (r >= 0)
                r = put_file(fd, STATE_DIR_TAG, TAG, reterr);
        if (r < 0)
                return state_dir_explain(dir, r, reterr);

        /* Below it lie root file systems, in which a container's root can make programs that are setuid root
         * on the host, too. No other user may reach them. */
        if (fstat(fd, &st) < 0 || ((st.st_mode & 077) && fchmod(fd, 0700) < 0))
                return error_set(reterr, errno, "make '%s/" STATE_DIR_NAME "' private", dir->root);

        /* Guests write to what lies in it, and another project may name a source there. */
        r = source_mark(fd, STATE_DIR_NAME, reterr);
        if (r < 0)
                return state_dir_explain(dir, r, reterr);

        (void) safe_close(dir->fd);
        dir->fd = TAKE_FD(fd);
        /* Another command may have begun since the project was opened. */
        r = geteuid() == 0 ? way_check(dir, host_socket_is_brokered(), reterr) : 0;
        return r < 0 || geteuid() != 0 ? r : way_mark(dir, host_socket_is_brokered(), reterr);
}

bool state_dir_is_tagged(const StateDir *dir) {
        _cleanup_close_ int fd = -EBADF;
        _cleanup_free_ char *text = NULL;

        return fs_open_file_beneath_optional(dir->fd, STATE_DIR_TAG, &fd, NULL) >= 0 && fd >= 0 &&
               fs_read_fd(fd, STATE_DIR_TAG, TAG_SIZE_MAX, &text, NULL, NULL) >= 0 && startswith(text, TAG);
}

int state_dir_container_open(const StateDir *dir, const char *name, int *ret_fd, Error *reterr) {
        _cleanup_(user_fs_leave) UserFs guard = USER_FS_NULL;
        int r;

        r = name_check_container(name, reterr);
        if (r < 0)
                return r;
        if (dir->fd < 0) {
                *ret_fd = -EBADF;
                return 0;
        }
        r = user_fs_enter(&dir->user, &guard, reterr);
        if (r < 0)
                return r;
        r = fs_open_beneath_optional(dir->fd, name, O_RDONLY | O_DIRECTORY, ret_fd, reterr);
        return r < 0 ? state_dir_explain(dir, r, reterr) : 0;
}

static int state_dir_make_path(const StateDir *dir, const char *path, Error *reterr) {
        _cleanup_(user_fs_leave) UserFs guard = USER_FS_NULL;
        int r;

        assert(dir->fd >= 0);
        r = user_fs_enter(&dir->user, &guard, reterr);
        if (r < 0)
                return r;
        r = fs_mkdir_beneath(dir->fd, path, 0755, reterr);
        return r < 0 ? state_dir_explain(dir, r, reterr) : r;
}

int state_dir_container_make(const StateDir *dir, const char *name, Error *reterr) {
        int r;

        r = name_check_container(name, reterr);
        return r < 0 ? r : state_dir_make_path(dir, name, reterr);
}

int state_dir_volumes_make(const StateDir *dir, Error *reterr) {
        return state_dir_make_path(dir, STATE_DIR_VOLUMES, reterr);
}

/* What has a volume's place without being a directory is refused where it is opened. */
static bool state_dir_is_volume(int dir_fd, const char *name) {
        return name_check(name, "volume", NULL) >= 0;
}

static bool state_dir_is_container(int dir_fd, const char *name) {
        struct stat st;

        return name_check_container(name, NULL) >= 0 &&
               fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) >= 0 && S_ISDIR(st.st_mode);
}

/* What there is in @path, as far as it is one. */
static int state_dir_list_path(const StateDir *dir, const char *path,
                               bool (*is_one)(int dir_fd, const char *name), char ***ret_names,
                               Error *reterr) {
        _cleanup_(user_fs_leave) UserFs guard = USER_FS_NULL;
        _cleanup_strv_ char **all = NULL, **names = NULL;
        _cleanup_close_ int fd = -EBADF;
        int r;

        *ret_names = NULL;
        if (dir->fd < 0)
                return 0;
        r = user_fs_enter(&dir->user, &guard, reterr);
        if (r < 0)
                return r;
        r = fs_open_beneath_optional(dir->fd, path, O_RDONLY | O_DIRECTORY, &fd, reterr);
        if (r < 0)
                return state_dir_explain(dir, r, reterr);
        if (fd < 0)
                return 0;
        r = fs_list(fd, &all);
        if (r < 0)
                return error_set(reterr, r, "list '%s/" STATE_DIR_NAME "'", dir->root);
        STRV_FOREACH (name, all)
                if (is_one(fd, *name))
                        strv_push(&names, *name);
        strv_sort(names);
        *ret_names = TAKE_PTR(names);
        return 0;
}

int state_dir_list(const StateDir *dir, char ***ret_names, Error *reterr) {
        return state_dir_list_path(dir, ".", state_dir_is_container, ret_names, reterr);
}

int state_dir_volumes_list(const StateDir *dir, char ***ret_names, Error *reterr) {
        return state_dir_list_path(dir, STATE_DIR_VOLUMES, state_dir_is_volume, ret_names, reterr);
}
