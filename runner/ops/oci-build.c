/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/strv.h"
#include "ops/oci-build.h"

/* In the directory that is worked in. */
#define LAYOUT_NAME "layout"
#define LAYOUT      IMAGE_PROGRAM_PLACE "/" LAYOUT_NAME ":image"

typedef struct OciBuild {
        const OciSpec *oci;
        char *skopeo, *umoci, *tar;
        char **environment;
        int work_fd, input_fd;
        ImageStep step;
        void *userdata;
} OciBuild;

static void oci_build_done(OciBuild *b) {
        free(b->skopeo);
        free(b->umoci);
        free(b->tar);
        strv_free(b->environment);
}

static int oci_build_find(OciBuild *b, Error *reterr) {
        int r = image_program_find("skopeo", "reads OCI images", "skopeo", &b->skopeo, reterr);

        if (r >= 0)
                r = image_program_find("umoci", "unpacks OCI images", "umoci", &b->umoci, reterr);
        return r < 0 ? r : image_program_find("tar", "lists archives", "tar", &b->tar, reterr);
}

int oci_build_require(Error *reterr) {
        _cleanup_(oci_build_done) OciBuild b = {};

        return oci_build_find(&b, reterr);
}

static int oci_run(const OciBuild *b, char *const *argv, bool may_fail, Error *reterr) {
        return image_program_run(&(ImageProgram){.argv = argv,
                                                 .environment = b->environment,
                                                 .work_fd = b->work_fd,
                                                 .input_fd = b->input_fd,
                                                 .offline = true,
                                                 .may_fail = may_fail,
                                                 .step_prefix = "",
                                                 .step = may_fail ? NULL : b->step,
                                                 .userdata = b->userdata},
                                 reterr);
}

/* What is mounted over it when a program runs. */
static int make_place(int work_fd, bool is_directory, Error *reterr) {
        _cleanup_close_ int fd = is_directory
                                         ? fs_mkdir_beneath(work_fd, IMAGE_PROGRAM_INPUT_NAME, 0700, reterr)
                                         : fs_open_file_beneath(work_fd, IMAGE_PROGRAM_INPUT_NAME,
                                                                O_RDWR | O_CREAT, 0600, reterr);

        return fd < 0 ? fd : 0;
}

/* The archive of docker's newer releases is of both forms; then it is read as that of OCI. Return: 1 it is
 * of OCI, 0 it is not, or a negative errno. */
static int is_oci_archive(const OciBuild *b, Error *reterr) {
        char *const argv[] = {b->tar,
                              (char *) "--list",
                              (char *) "--occurrence=1",
                              (char *) "--wildcards",
                              (char *) "--file=" IMAGE_PROGRAM_INPUT,
                              (char *) "*oci-layout",
                              NULL};
        int r = oci_run(b, argv, /* may_fail= */ true, reterr);

        return r < 0 ? r : r == 0;
}

static int copy_layers(const OciBuild *b, bool is_directory, Error *reterr) {
        int archive = is_directory ? 0 : is_oci_archive(b, reterr);
        const char *form = is_directory ? "oci" : archive > 0 ? "oci-archive" : "docker-archive";
        _cleanup_free_ char *source =
                xasprintf("%s:" IMAGE_PROGRAM_INPUT "%s%s", form, b->oci->image ? ":" : "",
                          b->oci->image ? b->oci->image : "");
        char *const argv[] = {b->skopeo, (char *) "copy", source, (char *) "oci:" LAYOUT, NULL};

        int r;

        if (archive < 0)
                return archive;
        r = oci_run(b, argv, /* may_fail= */ false, reterr);
        if (r < 0 && reterr && reterr->exit == FC_EXIT_FAILED && !is_directory && archive == 0)
                error_add_hint(reterr, "an archive of docker's must not be compressed: gunzip it");
        return r;
}

static int unpack(const OciBuild *b, Error *reterr) {
        char *const argv[] = {b->umoci,
                              (char *) "raw",
                              (char *) "unpack",
                              (char *) "--image",
                              (char *) LAYOUT,
                              (char *) IMAGE_PROGRAM_PLACE "/root",
                              NULL};

        return oci_run(b, argv, /* may_fail= */ false, reterr);
}

static int write_config(const OciBuild *b, Error *reterr) {
        char *const argv[] = {b->umoci,
                              (char *) "raw",
                              (char *) "runtime-config",
                              (char *) "--image",
                              (char *) LAYOUT,
                              (char *) "--rootfs",
                              (char *) IMAGE_PROGRAM_PLACE "/root",
                              (char *) IMAGE_PROGRAM_PLACE "/" OCI_CONFIG_NAME,
                              NULL};

        return oci_run(b, argv, /* may_fail= */ false, reterr);
}

/* systemd-nspawn wants a directory "usr" in everything. */
static int settle(const OciBuild *b, bool is_directory, Error *reterr) {
        _cleanup_close_ int root_fd = fs_open_beneath(b->work_fd, "root", O_RDONLY | O_DIRECTORY, 0, reterr);
        int r = root_fd;

        if (r >= 0 && mkdirat(root_fd, "usr", 0755) < 0 && errno != EEXIST)
                r = error_set(reterr, errno, "make a directory in the image");
        if (r >= 0)
                r = fs_remove_tree(b->work_fd, LAYOUT_NAME, reterr);
        if (r >= 0 && unlinkat(b->work_fd, IMAGE_PROGRAM_INPUT_NAME, is_directory ? AT_REMOVEDIR : 0) < 0)
                r = error_set(reterr, errno, "remove what the image was made of");
        return r;
}

int oci_build(const OciSpec *oci, int work_fd, int input_fd, bool is_directory, ImageStep step,
              void *userdata, Error *reterr) {
        _cleanup_(oci_build_done) OciBuild b = {
                .oci = oci,
                .environment = image_program_environment(),
                .work_fd = work_fd,
                .input_fd = input_fd,
                .step = step,
                .userdata = userdata,
        };
        int r;

        /* No settings of root's, and no other place for what is large. */
        strv_push(&b.environment, "HOME=" IMAGE_PROGRAM_PLACE);
        strv_push(&b.environment, "TMPDIR=" IMAGE_PROGRAM_PLACE);
        r = oci_build_find(&b, reterr);
        if (r >= 0)
                r = make_place(work_fd, is_directory, reterr);
        if (r >= 0)
                r = copy_layers(&b, is_directory, reterr);
        if (r >= 0)
                r = unpack(&b, reterr);
        if (r >= 0)
                r = write_config(&b, reterr);
        return r < 0 ? r : settle(&b, is_directory, reterr);
}
