/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "copy/place.h"
#include "export/image-config.h"
#include "ops/export-place.h"

#define NEW ".flake-containers.new"
/* The same once it is complete, until all that was in it has been moved out. */
#define COMPLETE ".flake-containers.complete"

static int find_output(Project *project, const char *path, Error *reterr) {
        return source_open(&project->sources, "", path, NULL, /* reads= */ false, reterr);
}

/* By the rules for what the user names elsewhere: a guest may write where it lies. @path: absolute */
static int make_output(Project *project, const char *path, Error *reterr) {
        _cleanup_(user_fs_leave) UserFs guard = USER_FS_NULL;
        _cleanup_free_ char *directory = NULL, *name = NULL;
        _cleanup_close_ int parent_fd = -EBADF;
        int r;

        if (!copy_path_split(path, &directory, &name))
                return error_raise(reterr, FC_EXIT_USAGE, "'%s' is not there, and is not a name", path);
        r = parent_fd = find_output(project, directory, reterr);
        if (r >= 0)
                r = user_fs_enter(&project->user, &guard, reterr);
        if (r < 0)
                return r;
        if (mkdirat(parent_fd, name, 0755) < 0)
                return error_set(reterr, errno, "make '%s'", path);
        return fs_open_beneath(parent_fd, name, O_RDONLY | O_DIRECTORY, 0, reterr);
}

static int find_or_make(Project *project, const char *path, Error *reterr) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        int fd = find_output(project, path, &error);

        if (fd == -ENOENT)
                return make_output(project, path, reterr);
        if (fd < 0)
                error_move(reterr, &error);
        return fd;
}

static int check_empty(int dir_fd, const char *path, Error *reterr) {
        _cleanup_strv_ char **names = NULL;
        int r = fs_list(dir_fd, &names);

        if (r < 0)
                return error_set(reterr, r, "list '%s'", path);
        STRV_FOREACH (name, names)
                if (!streq(*name, NEW))
                        return error_raise(reterr, FC_EXIT_CONFLICT, "'%s' is not empty", path);
        return 0;
}

static int move_out(int from_fd, int dir_fd, const char *name, Error *reterr) {
        int r = fs_rename_new(from_fd, name, dir_fd, name);

        return r < 0 ? error_set(reterr, r, "put '%s' in its place", name) : 0;
}

/* The index of images last, without which the rest is nothing. @fd: of COMPLETE */
static int move_all(int fd, int dir_fd, Error *reterr) {
        _cleanup_strv_ char **names = NULL;
        int r = fs_list(fd, &names);

        if (r < 0)
                return error_set(reterr, r, "list what has been written");
        for (int last = 0; last < 2; last++)
                STRV_FOREACH (name, names)
                        if (streq(*name, IMAGE_INDEX) == last) {
                                r = move_out(fd, dir_fd, *name, reterr);
                                if (r < 0)
                                        return r;
                        }
        return unlinkat(dir_fd, COMPLETE, AT_REMOVEDIR) < 0
                       ? error_set(reterr, errno, "remove '" COMPLETE "'")
                       : 0;
}

/* What another export had written in whole when it was killed. */
static int move_out_old(int dir_fd, Error *reterr) {
        _cleanup_close_ int fd = -EBADF;
        bool there;
        int r = fs_is_there(dir_fd, COMPLETE, &there, reterr);

        if (r < 0 || !there)
                return r;
        r = fd = fs_open_beneath(dir_fd, COMPLETE, O_RDONLY | O_DIRECTORY, 0, reterr);
        return r < 0 ? r : move_all(fd, dir_fd, reterr);
}

static int take_over(ExportPlace *p, int path_fd, const char *path, Error *reterr) {
        _cleanup_(user_fs_leave) UserFs guard = USER_FS_NULL;
        int r = user_fs_enter(&p->project->user, &guard, reterr);

        if (r >= 0)
                r = p->dir_fd = fs_open_beneath(path_fd, ".", O_RDONLY | O_DIRECTORY, 0, reterr);
        if (r < 0)
                return r;
        if (flock(p->dir_fd, LOCK_EX | LOCK_NB) < 0)
                return errno == EWOULDBLOCK
                               ? error_raise(reterr, FC_EXIT_CONFLICT, "another export writes to '%s'", path)
                               : error_set(reterr, errno, "lock '%s'", path);
        r = move_out_old(p->dir_fd, reterr);
        if (r >= 0)
                r = check_empty(p->dir_fd, path, reterr);
        if (r >= 0)
                r = fs_remove_tree(p->dir_fd, NEW, reterr);
        if (r >= 0)
                r = p->new_fd = fs_make_directory(p->dir_fd, NEW, reterr);
        return r;
}

int export_place_open(ExportPlace *p, Project *project, const ProjectRequest *request, const char *output,
                      Error *reterr) {
        _cleanup_free_ char *path = project_typed_path(request, output);
        _cleanup_close_ int path_fd = -EBADF;
        int r = project_open_sources(project, reterr);

        p->project = project;
        if (r >= 0)
                r = path_fd = find_or_make(project, path, reterr);
        return r < 0 ? r : take_over(p, path_fd, path, reterr);
}

int export_place_commit(ExportPlace *p, Error *reterr) {
        _cleanup_(user_fs_leave) UserFs guard = USER_FS_NULL;
        int r = user_fs_enter(&p->project->user, &guard, reterr);

        if (r < 0)
                return r;
        r = fs_rename_new(p->dir_fd, NEW, p->dir_fd, COMPLETE);
        if (r < 0)
                return error_set(reterr, r, "make '" COMPLETE "'");
        return move_all(p->new_fd, p->dir_fd, reterr);
}

void export_place_done(ExportPlace *p) {
        _cleanup_(user_fs_leave) UserFs guard = USER_FS_NULL;

        if (p->new_fd >= 0 && user_fs_enter(&p->project->user, &guard, NULL) >= 0)
                (void) fs_remove_tree(p->dir_fd, NEW, NULL);
        (void) safe_close(p->new_fd);
        (void) safe_close(p->dir_fd);
        *p = EXPORT_PLACE_NULL;
}
