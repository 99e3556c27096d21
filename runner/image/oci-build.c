/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/package.h"
#include "base/strv.h"
#include "image/oci-build.h"
#include "image/oci-listing.h"

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

/* Without it skopeo reads nothing. */
static int oci_build_find_policy(Error *reterr) {
        static const char *const paths[] = {"/etc/containers/policy.json",
                                            "/usr/share/containers/policy.json"};

        for (size_t i = 0; i < ELEMENTSOF(paths); i++)
                if (access(paths[i], F_OK) >= 0)
                        return 0;
        (void) error_raise(reterr, FC_EXIT_HOST, "'%s', which says what skopeo may read, is not there",
                           paths[0]);
        package_add_hint(reterr, "golang-github-containers-common");
        return -ENOENT;
}

static int oci_build_find(OciBuild *b, Error *reterr) {
        int r = image_program_find("skopeo", "reads OCI images", "skopeo", &b->skopeo, reterr);

        if (r >= 0)
                r = image_program_find("umoci", "unpacks OCI images", "umoci", &b->umoci, reterr);
        if (r >= 0)
                r = image_program_find("tar", "lists archives", "tar", &b->tar, reterr);
        return r < 0 ? r : oci_build_find_policy(reterr);
}

int oci_build_require(Error *reterr) {
        _cleanup_(oci_build_done) OciBuild b = {};

        return oci_build_find(&b, reterr);
}

static ImageProgram oci_program(const OciBuild *b, char *const *argv) {
        return (ImageProgram){.argv = argv,
                              .environment = b->environment,
                              .work_fd = b->work_fd,
                              .input_fd = b->input_fd,
                              .offline = true,
                              .confined = true,
                              .step_prefix = "",
                              .step = b->step,
                              .userdata = b->userdata};
}

/* skopeo unpacks an archive as root, with the links that are in it. */
static int run_skopeo(const OciBuild *b, char *const *argv, Error *reterr) {
        ImageProgram program = oci_program(b, argv);

        return image_program_run(&program, reterr);
}

/* umoci resolves the links of the image itself, in its root. */
static int run_umoci(const OciBuild *b, char *const *argv, Error *reterr) {
        ImageProgram program = oci_program(b, argv);

        program.follows = true;
        return image_program_run(&program, reterr);
}

/* What is mounted over it when a program runs. */
static int make_place(int work_fd, bool is_directory, Error *reterr) {
        _cleanup_close_ int fd = is_directory
                                         ? fs_mkdir_beneath(work_fd, IMAGE_PROGRAM_INPUT_NAME, 0700, reterr)
                                         : fs_open_file_beneath(work_fd, IMAGE_PROGRAM_INPUT_NAME,
                                                                O_RDWR | O_CREAT, 0600, reterr);

        return fd < 0 ? fd : 0;
}

static void on_member(const char *line, void *userdata) {
        oci_listing_take(userdata, line);
}

/* What is not an archive has no members: skopeo then says what is wrong with it. */
static int list_archive(const OciBuild *b, OciListing *ret, Error *reterr) {
        char *const argv[] = {b->tar,
                              (char *) "--list",
                              (char *) "--verbose",
                              (char *) "--numeric-owner",
                              (char *) "--quoting-style=escape",
                              (char *) "--file=" IMAGE_PROGRAM_INPUT,
                              NULL};
        ImageProgram program = oci_program(b, argv);
        int r;

        program.may_fail = true;
        program.step = on_member;
        program.userdata = ret;
        r = image_program_run(&program, reterr);
        if (r >= 0 && ret->special)
                return error_raise(reterr, FC_EXIT_USAGE, "OCI image '%s' has a FIFO or a device in it",
                                   b->oci->path);
        return r < 0 ? r : 0;
}

static bool is_compressed(int input_fd) {
        static const struct {
                const char *magic;
                size_t size;
        } table[] = {{"\x1f\x8b", 2},
                     {"\xfd"
                      "7zXZ",
                      5},
                     {"\x28\xb5\x2f\xfd", 4},
                     {"BZh", 3}};
        char path[FS_PROC_FD_MAX], begin[5] = {};
        _cleanup_close_ int fd = open(fs_proc_fd(path, input_fd), O_RDONLY | O_NONBLOCK | O_CLOEXEC);

        if (fd < 0 || read(fd, begin, sizeof(begin)) != sizeof(begin))
                return false;
        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                if (memcmp(begin, table[i].magic, table[i].size) == 0)
                        return true;
        return false;
}

static int copy_layers(const OciBuild *b, bool is_directory, Error *reterr) {
        OciListing listing = {};
        int r = is_directory ? 0 : list_archive(b, &listing, reterr);
        const char *form = is_directory ? "oci" : oci_listing_form(&listing, b->oci->image);
        _cleanup_free_ char *source =
                xasprintf("%s:" IMAGE_PROGRAM_INPUT "%s%s", form, b->oci->image ? ":" : "",
                          b->oci->image ? b->oci->image : "");
        char *const argv[] = {b->skopeo,
                              (char *) "--tmpdir=" IMAGE_PROGRAM_PLACE,
                              (char *) "copy",
                              source,
                              (char *) "oci:" LAYOUT,
                              NULL};

        if (r < 0)
                return r;
        r = run_skopeo(b, argv, reterr);
        if (r < 0 && reterr && reterr->exit == FC_EXIT_FAILED && !is_directory && !listing.oci &&
            is_compressed(b->input_fd))
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

        return run_umoci(b, argv, reterr);
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

        return run_umoci(b, argv, reterr);
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

        /* No settings of root's own; those of the host, in /etc/containers, count. */
        strv_push(&b.environment, "HOME=" IMAGE_PROGRAM_PLACE);
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
