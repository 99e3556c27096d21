/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/file-id.h"
#include "base/fs.h"
#include "base/strv.h"
#include "context/oci-input.h"

#define INDEX_NAME     "index.json"
#define INDEX_SIZE_MAX (128 * 1024)
#define BLOBS_NAME     "blobs"

/* As source_open() does it. What leaves the project is as none of its files. */
static const InvokingUser *input_user(const OciSpec *oci, const InvokingUser *project,
                                      const InvokingUser *asking) {
        return oci->path[0] == '/' || strstr(oci->path, "..") ? asking : project;
}

/* ---- what it is ---- */

static char *read_index(int dir_fd) {
        _cleanup_close_ int fd = -EBADF;
        char *text = NULL;

        if (fs_open_file_beneath_optional(dir_fd, INDEX_NAME, &fd, NULL) < 0 || fd < 0 ||
            fs_read_fd(fd, INDEX_NAME, INDEX_SIZE_MAX, &text, NULL, NULL) < 0)
                return NULL;
        return text;
}

/* With what no other user can give to a file of theirs: the same images of two users are two. */
static char *describe_input(int fd) {
        _cleanup_free_ char *index = NULL, *id = file_id_text(fd);
        struct stat st;

        if (!id || fstat(fd, &st) < 0)
                return NULL;
        if (S_ISREG(st.st_mode))
                return xasprintf("file %s of %u, %jd bytes of %jd.%09ld", id, (unsigned) st.st_uid,
                                 (intmax_t) st.st_size, (intmax_t) st.st_ctim.tv_sec, st.st_ctim.tv_nsec);
        index = S_ISDIR(st.st_mode) ? read_index(fd) : NULL;
        return index ? xasprintf("directory %s of %u\n%s", id, (unsigned) st.st_uid, index) : NULL;
}

void oci_input_note(const Project *project, const ContainerSpec *c) {
        _cleanup_(user_fs_leave) UserFs guard = USER_FS_NULL;
        _cleanup_close_ int fd = -EBADF;
        OciSpec *oci = c->oci;

        if (!oci || oci->looked)
                return;
        oci->looked = true;
        if (user_fs_enter(input_user(oci, &project->state.user, &project->user), &guard, NULL) < 0)
                return;
        fd = openat(project->state.root_fd, oci->path, O_PATH | O_CLOEXEC);
        oci->input = fd < 0 ? NULL : describe_input(fd);
}

int oci_input_check(const Sources *sources, const ContainerPlan *plan, int fd, Error *reterr) {
        const OciSpec *oci = plan->spec->oci;
        _cleanup_(user_fs_leave) UserFs guard = USER_FS_NULL;
        _cleanup_free_ char *now = NULL;
        int r;

        r = user_fs_enter(input_user(oci, &sources->project, &sources->asking), &guard, reterr);
        if (r < 0)
                return r;
        now = describe_input(fd);
        if (now && oci->input && streq(now, oci->input))
                return 0;
        r = error_raise(reterr, FC_EXIT_CONFLICT, "OCI image '%s' %s", plan->oci,
                        now && oci->input ? "has changed since this command looked at it"
                                          : "cannot be read");
        if (now && oci->input)
                error_add_hint(reterr, "run the command again");
        return r;
}

/* ---- what is in it ---- */

/* A FIFO among them would never end, and another user's file is not for this one. */
static int check_blobs(int blobs_fd, const char *name, Error *reterr) {
        _cleanup_close_ int dir_fd = fs_open_beneath(blobs_fd, name, O_RDONLY | O_DIRECTORY, 0, reterr);
        _cleanup_strv_ char **names = NULL;
        int r;

        if (dir_fd < 0)
                return dir_fd;
        r = fs_list(dir_fd, &names);
        if (r < 0)
                return error_set(reterr, r, "list '%s'", name);
        STRV_FOREACH (blob, names) {
                _cleanup_close_ int fd = fs_open_file_beneath(dir_fd, *blob, O_RDONLY, 0, reterr);

                if (fd < 0)
                        return fd;
        }
        return 0;
}

static int raise_in_layout(const ContainerPlan *plan, int r, Error *reterr) {
        (void) error_prefix(reterr, r, "OCI image '%s'", plan->oci);
        if (r == -EACCES)
                error_add_hint(reterr, "the user who asks must be able to read all of it");
        return r;
}

static int check_layout(const ContainerPlan *plan, int dir_fd, Error *reterr) {
        _cleanup_close_ int blobs_fd = -EBADF, index_fd = -EBADF;
        _cleanup_strv_ char **names = NULL;
        int r;

        r = fs_open_file_beneath_optional(dir_fd, INDEX_NAME, &index_fd, reterr);
        if (r < 0)
                return raise_in_layout(plan, r, reterr);
        if (index_fd < 0)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "OCI image '%s' has no '" INDEX_NAME "': it must be a directory that "
                                   "skopeo's 'oci:' or umoci has made, or an archive",
                                   plan->oci);
        r = fs_open_beneath_optional(dir_fd, BLOBS_NAME, O_RDONLY | O_DIRECTORY, &blobs_fd, reterr);
        if (r >= 0 && blobs_fd >= 0) {
                r = fs_list(blobs_fd, &names);
                if (r < 0)
                        r = error_set(reterr, r, "list '" BLOBS_NAME "'");
        }
        STRV_FOREACH (name, names)
                if (r >= 0)
                        r = check_blobs(blobs_fd, *name, reterr);
        return r < 0 ? raise_in_layout(plan, r, reterr) : 0;
}

static int check_input(const Sources *sources, const ContainerPlan *plan, int fd, bool *ret_is_directory,
                       Error *reterr) {
        _cleanup_(user_fs_leave) UserFs guard = USER_FS_NULL;
        struct stat st;
        int r;

        if (fstat(fd, &st) < 0)
                return error_set(reterr, errno, "look at OCI image '%s'", plan->oci);
        if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "OCI image '%s' is neither a directory nor a regular file", plan->oci);
        r = user_fs_enter(input_user(plan->spec->oci, &sources->project, &sources->asking), &guard, reterr);
        if (r >= 0 && S_ISDIR(st.st_mode))
                r = check_layout(plan, fd, reterr);
        if (r < 0)
                return r;
        *ret_is_directory = S_ISDIR(st.st_mode);
        return 0;
}

int oci_input_open(const Sources *sources, const ContainerPlan *plan, bool *ret_is_directory,
                   Error *reterr) {
        _cleanup_close_ int fd =
                source_open(sources, "OCI image", plan->oci, plan->oci_below, /* reads= */ true, reterr);
        int r = fd;

        if (r >= 0)
                r = check_input(sources, plan, fd, ret_is_directory, reterr);
        if (r >= 0)
                r = oci_input_check(sources, plan, fd, reterr);
        return r < 0 ? r : TAKE_FD(fd);
}
