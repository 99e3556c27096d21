/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/hash.h"
#include "base/process.h"
#include "context/network.h"
#include "copy/pack.h"
#include "export/image-config.h"
#include "image/made-image.h"
#include "ops/export-image.h"
#include "plan/manager-conf.h"
#include "resources/resource-sources.h"
#include "rootfs/skeleton.h"
#include "rootfs/tmpfs.h"
#include "spec/closure.h"

/* Containers with nearly the same closure share those layers whose paths are the same. Engines take about a
 * hundred. */
#define STORE_LAYERS 32

#define DIGEST_SIZE 64

typedef struct ImageExport {
        Project *project;
        const ExportRequest *request;
        int blobs_fd;
        Progress *progress;
        const char *architecture;
        Network network;
        const ContainerPlan *plan; /* of the one that is at work */
} ImageExport;

static void image_export_done(ImageExport *x) {
        (void) safe_close(x->blobs_fd);
        network_done(&x->network);
}

/* ---- blobs ---- */

#define NEW_BLOB ".new"

/* As the user, who owns what is in there. */
static int blob_begin(const ImageExport *x, Error *reterr) {
        _cleanup_(user_fs_leave) UserFs guard = USER_FS_NULL;
        int r = user_fs_enter(&x->project->user, &guard, reterr);

        return r < 0 ? r
                     : fs_open_file_beneath(x->blobs_fd, NEW_BLOB, O_RDWR | O_CREAT | O_EXCL, 0644, reterr);
}

/* @ret: 64 hexadecimal digits, owned by the caller */
static int blob_hash(int fd, char **ret, Error *reterr) {
        _cleanup_free_ char *program = process_find_program("sha256sum", NULL), *output = NULL,
                            *path = xasprintf("/proc/%d/fd/%d", getpid(), fd);
        char *const argv[] = {program, path, NULL};
        int r;

        if (!program)
                return error_raise(reterr, FC_EXIT_HOST, "sha256sum, which names layers, is not installed");
        r = process_run(argv, &output, reterr);
        if (r > 0 || (r == 0 && strspn(output, "0123456789abcdef") != DIGEST_SIZE))
                r = error_raise(reterr, FC_EXIT_INTERNAL, "sha256sum: %s", output);
        if (r < 0)
                return r;
        *ret = xstrndup(output, DIGEST_SIZE);
        return 0;
}

/* Gives it its name, which is that of its content. */
static int blob_end(const ImageExport *x, int fd, ImageBlob *ret, Error *reterr) {
        _cleanup_(user_fs_leave) UserFs guard = USER_FS_NULL;
        _cleanup_free_ char *hash = NULL;
        struct stat st;
        int r;

        r = blob_hash(fd, &hash, reterr);
        if (r >= 0 && fstat(fd, &st) < 0)
                r = error_set(reterr, errno, "look at a layer");
        if (r >= 0)
                r = user_fs_enter(&x->project->user, &guard, reterr);
        if (r >= 0 && renameat(x->blobs_fd, NEW_BLOB, x->blobs_fd, hash) < 0)
                r = error_set(reterr, errno, "name a layer");
        if (r < 0)
                return r;
        *ret = (ImageBlob){.digest = xasprintf("sha256:%s", hash), .size = (uint64_t) st.st_size};
        return 0;
}

/* @text: taken */
static int blob_write(const ImageExport *x, char *text, ImageBlob *ret, Error *reterr) {
        _cleanup_free_ char *owned = text;
        _cleanup_close_ int fd = blob_begin(x, reterr);
        int r = fd;

        if (r >= 0) {
                r = fs_write_all(fd, owned, strlen(owned));
                if (r < 0)
                        return error_set(reterr, r, "write to the image");
        }
        return r < 0 ? r : blob_end(x, fd, ret, reterr);
}

/* ---- layers ---- */

/* Of what an engine mounts anew there is nothing to say. */
static void note_left_out(const ImageExport *x, const CopySide *side) {
        for (size_t i = 0; i < side->n_left_out && i < COPY_LEFT_OUT_MAX; i++) {
                _cleanup_free_ char *note =
                        xasprintf("%s: left out: %s", x->plan->spec->name, side->left_out[i]);

                if (!startswith(side->left_out[i], "'./dev/"))
                        progress_note(x->progress, note);
        }
        if (side->n_left_out > COPY_LEFT_OUT_MAX) {
                _cleanup_free_ char *note = xasprintf("%s: left out: %zu more", x->plan->spec->name,
                                                      side->n_left_out - COPY_LEFT_OUT_MAX);

                progress_note(x->progress, note);
        }
}

static int layer_end(const ImageExport *x, int fd, ImageLayers *layers, Error *reterr) {
        CopySide side = {0};
        ImageBlob blob;
        int r = copy_pack_end(fd, &side, reterr);

        if (r >= 0)
                r = blob_end(x, fd, &blob, reterr);
        if (r >= 0)
                *XGROW(layers->layers, layers->n) = blob;
        return r;
}

/* Closes @tree_fd. */
static int layer_of_tree(const ImageExport *x, int tree_fd, ImageLayers *layers, Error *reterr) {
        _cleanup_close_ int fd = blob_begin(x, reterr);
        CopySide side = {0};
        int r = fd;

        if (r < 0)
                (void) safe_close(tree_fd);
        else
                r = copy_pack_layer(tree_fd, fd, &side, reterr);
        note_left_out(x, &side);
        return r < 0 ? r : layer_end(x, fd, layers, reterr);
}

static int open_image(const ImageExport *x, int *ret_lock_fd, Error *reterr) {
        _cleanup_close_ int fd = -EBADF;
        int r = 0;

        if (made_image_word(x->plan->spec))
                r = made_image_make(x->plan, &x->project->sources, -EBADF, x->progress, ret_lock_fd, reterr);
        if (r >= 0)
                r = fd = resource_open_image(&x->project->sources, x->plan, reterr);
        /* For reading. */
        return r < 0 ? r : fs_open_beneath(fd, ".", O_RDONLY | O_DIRECTORY, 0, reterr);
}

static int add_image_layer(const ImageExport *x, ImageLayers *layers, Error *reterr) {
        _cleanup_close_ int lock_fd = -EBADF;
        int fd = open_image(x, &lock_fd, reterr);

        return fd < 0 ? fd : layer_of_tree(x, fd, layers, reterr);
}

static int add_store_layer(const ImageExport *x, int store_fd, char *const *names, size_t index,
                           ImageLayers *layers, Error *reterr) {
        _cleanup_close_ int fd = -EBADF;
        int r = 0;

        STRV_FOREACH (name, names) {
                _cleanup_free_ char *at = xasprintf(".%s/%s", x->plan->store, *name);
                CopySide side = {0};

                if (hash_text(*name) % STORE_LAYERS != index)
                        continue;
                if (fd < 0)
                        r = fd = blob_begin(x, reterr);
                /* It may be a link. */
                if (r >= 0)
                        r = copy_pack_layer_member(store_fd, *name, at, fd, &side, reterr);
                note_left_out(x, &side);
                if (r < 0)
                        return r;
        }
        return fd < 0 ? 0 : layer_end(x, fd, layers, reterr);
}

static int add_store_layers(const ImageExport *x, ImageLayers *layers, Error *reterr) {
        _cleanup_close_ int path_fd = resource_open_store(&x->project->sources, x->plan, reterr),
                            store_fd = -EBADF;
        _cleanup_strv_ char **names = NULL;
        int r = path_fd;

        if (r >= 0)
                r = store_fd = fs_open_beneath(path_fd, ".", O_RDONLY | O_DIRECTORY, 0, reterr);
        if (r >= 0)
                r = resource_read_closure(&x->project->sources, x->plan, &names, reterr);
        for (size_t i = 0; i < STORE_LAYERS && r >= 0; i++)
                r = add_store_layer(x, store_fd, names, i, layers, reterr);
        return r;
}

/* What a start would make in a container's root, see resources/resource-root.c. */
static int make_system_root(const ImageExport *x, int root_fd, Error *reterr) {
        _cleanup_close_ int toplevel_fd = resource_open_toplevel(&x->project->sources, x->plan, reterr);
        const ContainerSpec *c = x->plan->spec;
        int r = toplevel_fd;

        if (r >= 0)
                r = skeleton_make(root_fd, reterr);
        if (r >= 0)
                r = skeleton_update(root_fd, x->plan->store, c->command ? toplevel_fd : -EBADF, reterr);
        if (r < 0)
                return r;
        if (c->init && symlinkat(c->init, root_fd, "sbin/init") < 0)
                return error_set(reterr, errno, "make '/sbin/init'");
        if (c->command && symlinkat(c->toplevel, root_fd, "run/current-system") < 0)
                return error_set(reterr, errno, "make '/run/current-system'");
        return 0;
}

static int make_conf(const ContainerSpec *c, int root_fd, Error *reterr) {
        _cleanup_free_ char *text = manager_conf_print(c->environment),
                            *directory = xstrdup(&MANAGER_CONF_TARGET[1]);
        char *name = strrchr(directory, '/');
        _cleanup_close_ int dir_fd = -EBADF;

        *name++ = '\0';
        dir_fd = fs_mkdir_beneath(root_fd, directory, 0755, reterr);
        return dir_fd < 0 ? dir_fd : fs_write_fleeting(dir_fd, name, text, strlen(text), 0644, reterr);
}

/* What is ours in the image: of a NixOS system the root, and the variables of an init's services. It is made
 * in memory, where nothing has to be put away. */
static int add_own_layer(const ImageExport *x, ImageLayers *layers, Error *reterr) {
        const ContainerSpec *c = x->plan->spec;
        _cleanup_close_ int mount_fd = -EBADF, root_fd = -EBADF;
        int r;

        if (!c->toplevel && !(c->init && c->environment))
                return 0;
        r = mount_fd = tmpfs_mount(NULL, 0755, 0, 0, reterr);
        if (r >= 0)
                r = root_fd = fs_open_beneath(mount_fd, ".", O_RDONLY | O_DIRECTORY, 0, reterr);
        if (r >= 0 && c->toplevel)
                r = make_system_root(x, root_fd, reterr);
        if (r >= 0 && c->init && c->environment)
                r = make_conf(c, root_fd, reterr);
        return r < 0 ? r : layer_of_tree(x, TAKE_FD(root_fd), layers, reterr);
}

/* ---- images ---- */

static int export_image(ImageExport *x, const ContainerSpec *c, ImageBlob *ret, Error *reterr) {
        _cleanup_(container_plan_freep) ContainerPlan *plan = network_plan(&x->network, x->project, c);
        _cleanup_(image_layers_done) ImageLayers layers = {0};
        ImageBlob config = {0};
        int r;

        x->plan = plan;
        progress_update(x->progress, c->name, PHASE_COPYING, "its root file system");
        r = c->toplevel ? add_store_layers(x, &layers, reterr) : add_image_layer(x, &layers, reterr);
        if (r >= 0)
                r = add_own_layer(x, &layers, reterr);
        if (r >= 0)
                r = blob_write(x, image_config_print(c, x->architecture, &layers), &config, reterr);
        if (r >= 0)
                r = blob_write(x, image_manifest_print(&config, &layers), ret, reterr);
        free(config.digest);
        if (r < 0)
                return error_in_container(reterr, r, c->name);
        progress_update(x->progress, c->name, PHASE_SAVED, NULL);
        return 0;
}

static int write_layout(const ImageExport *x, int dir_fd, const ImageBlob *manifests, char *const *names,
                        Error *reterr) {
        _cleanup_(user_fs_leave) UserFs guard = USER_FS_NULL;
        _cleanup_free_ char *index = image_index_print(manifests, names, strv_length(names));
        int r = user_fs_enter(&x->project->user, &guard, reterr);

        if (r >= 0)
                r = fs_write_atomic(dir_fd, "oci-layout", IMAGE_LAYOUT, strlen(IMAGE_LAYOUT), 0644, reterr);
        return r < 0 ? r : fs_write_atomic(dir_fd, IMAGE_INDEX, index, strlen(index), 0644, reterr);
}

static int image_export_open(ImageExport *x, int dir_fd, Error *reterr) {
        _cleanup_(user_fs_leave) UserFs guard = USER_FS_NULL;
        struct utsname host;
        bool changed;
        int r;

        if (uname(&host) < 0)
                return error_set(reterr, errno, "look at the machine");
        x->architecture = image_architecture(host.machine);
        if (!x->architecture)
                return error_raise(reterr, FC_EXIT_HOST, "OCI has no word for a machine '%s'", host.machine);
        r = project_open_sources(x->project, reterr);
        if (r >= 0)
                r = network_read(x->project, &x->network, &changed, reterr);
        if (r >= 0)
                r = user_fs_enter(&x->project->user, &guard, reterr);
        if (r >= 0)
                r = x->blobs_fd = fs_mkdir_beneath(dir_fd, "blobs/sha256", 0755, reterr);
        return r;
}

int export_images(Project *project, const ExportRequest *r, int dir_fd, Progress *progress, Error *reterr) {
        _cleanup_(image_export_done)
                ImageExport x = {.project = project, .request = r, .blobs_fd = -EBADF, .progress = progress};
        _cleanup_free_ ImageBlob *manifests = xnew0(ImageBlob, strv_length(r->names) + 1);
        _cleanup_strv_ char **names = NULL;
        int k = image_export_open(&x, dir_fd, reterr);

        for (size_t i = 0; r->names[i] && k >= 0; i++) {
                const ContainerSpec *c = spec_find(r->spec, r->names[i]);

                strv_push_take(&names, export_image_name(r, c));
                k = export_image(&x, c, &manifests[i], reterr);
        }
        if (k >= 0)
                k = write_layout(&x, dir_fd, manifests, names, reterr);
        for (size_t i = 0; r->names[i]; i++)
                free(manifests[i].digest);
        return k;
}
