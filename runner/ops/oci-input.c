/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "ops/oci-input.h"

#define INDEX_NAME     "index.json"
#define INDEX_SIZE_MAX (128 * 1024)

static char *read_index(int dir_fd) {
        _cleanup_close_ int fd = -EBADF;
        char *text = NULL;

        if (fs_open_file_beneath_optional(dir_fd, INDEX_NAME, &fd, NULL) < 0 || fd < 0 ||
            fs_read_fd(fd, INDEX_NAME, INDEX_SIZE_MAX, &text, NULL, NULL) < 0)
                return NULL;
        return text;
}

/* With what no other user can give to a file of theirs: the same images of two users are two. */
static char *describe_input(int root_fd, const char *path) {
        _cleanup_close_ int fd = openat(root_fd, path, O_PATH | O_CLOEXEC);
        _cleanup_free_ char *index = NULL;
        struct stat st;

        if (fd < 0 || fstat(fd, &st) < 0)
                return NULL;
        if (S_ISREG(st.st_mode))
                return xasprintf("file %ju:%ju of %u, %jd bytes of %jd.%09ld", (uintmax_t) st.st_dev,
                                 (uintmax_t) st.st_ino, (unsigned) st.st_uid, (intmax_t) st.st_size,
                                 (intmax_t) st.st_ctim.tv_sec, st.st_ctim.tv_nsec);
        index = S_ISDIR(st.st_mode) ? read_index(fd) : NULL;
        return index ? xasprintf("directory %ju:%ju of %u\n%s", (uintmax_t) st.st_dev, (uintmax_t) st.st_ino,
                                 (unsigned) st.st_uid, index)
                     : NULL;
}

void oci_input_note(const Project *project, Spec *spec) {
        for (size_t i = 0; i < spec->n_containers; i++) {
                _cleanup_(user_fs_leave) UserFs guard = USER_FS_NULL;
                OciSpec *oci = spec->containers[i].oci;

                if (oci && user_fs_enter(&project->user, &guard, NULL) >= 0)
                        oci->input = describe_input(project->state.root_fd, oci->path);
        }
}

int oci_input_open(const Sources *sources, const ContainerPlan *plan, bool *ret_is_directory,
                   Error *reterr) {
        _cleanup_close_ int fd =
                source_open(sources, "OCI image", plan->oci, plan->oci_below, /* reads= */ true, reterr);
        struct stat st;

        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0)
                return error_set(reterr, errno, "look at OCI image '%s'", plan->oci);
        if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "OCI image '%s' is neither a directory nor a regular file", plan->oci);
        if (S_ISDIR(st.st_mode) && faccessat(fd, INDEX_NAME, F_OK, 0) < 0)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "OCI image '%s' has no '" INDEX_NAME "': it must be a directory that "
                                   "skopeo's 'oci:' or umoci has made, or an archive",
                                   plan->oci);
        *ret_is_directory = S_ISDIR(st.st_mode);
        return TAKE_FD(fd);
}
