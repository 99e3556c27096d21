/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/alloc.h"
#include "base/file-id.h"
#include "base/fs.h"
#include "base/hash.h"
#include "base/host-socket.h"
#include "context/oci-input.h"
#include "image/debian-build.h"
#include "image/made-image.h"
#include "image/oci-build.h"
#include "image/oci-entry.h"
#include "rootfs/aside.h"
#include "rootfs/debian-tree.h"
#include "state/lock.h"

#define DEFINITION_MAX (256 * 1024)

/* Less than this is left: then that is what was wrong. */
#define DISK_LEFT_MIN (UINT64_C(16) * 1024 * 1024)

typedef struct Image {
        const ContainerPlan *plan;
        const Sources *sources;
        char *cache, *text, *key;
        int cache_fd, lock_fd;
        int input_fd; /* of `system.oci` */
        bool input_is_directory;
        Progress *progress;
} Image;

static void image_done(Image *image) {
        free(image->cache);
        free(image->text);
        free(image->key);
        (void) safe_close(image->cache_fd);
        (void) safe_close(image->lock_fd);
        (void) safe_close(image->input_fd);
}

/* No other user can have a hand in what is booted from there, nor execute what is set-user-id in it. */
static int check_own(int fd, const char *path, bool closed, Error *reterr) {
        struct stat st;

        if (fstat(fd, &st) < 0)
                return error_set(reterr, errno, "look at '%s'", path);
        if (st.st_uid == geteuid() && (st.st_mode & (closed ? 077 : 022)) == 0)
                return 0;
        return error_raise(reterr, FC_EXIT_CONFLICT, "'%s' is not %s alone: its mode is %04o, its owner %u",
                           path, host_socket_is_brokered() ? "the user's" : "root's",
                           (unsigned) st.st_mode & 07777, (unsigned) st.st_uid);
}

int made_image_cache_open(const char *cache, bool make, int *ret_fd, Error *reterr) {
        const char *name = strrchr(cache, '/') + 1;
        _cleanup_free_ char *above = xstrndup(cache, (size_t) (name - 1 - cache));
        _cleanup_close_ int parent = -EBADF, fd = -EBADF;
        int r;

        *ret_fd = -EBADF;
        /* A user's: until a program needs it, it is not there. */
        if (make && mkdir(above, 0700) < 0 && errno != EEXIST)
                return error_set(reterr, errno, "make '%s'", above);
        parent = open(above, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (parent < 0)
                return errno == ENOENT && !make ? 0 : error_set(reterr, errno, "open '%s'", above);
        r = check_own(parent, above, /* closed= */ false, reterr);
        if (r < 0)
                return r;
        if (make && mkdirat(parent, name, 0700) < 0 && errno != EEXIST)
                return error_set(reterr, errno, "make '%s'", cache);
        r = fs_open_beneath_optional(parent, name, O_RDONLY | O_DIRECTORY, &fd, reterr);
        if (r >= 0 && fd >= 0)
                r = check_own(fd, cache, /* closed= */ true, reterr);
        if (r < 0)
                return r;
        *ret_fd = TAKE_FD(fd);
        return 0;
}

/* @cache: taken. */
static int image_init(Image *image, const ContainerSpec *c, char *cache, bool make, Error *reterr) {
        *image = (Image){.cache = cache, .cache_fd = -EBADF, .lock_fd = -EBADF, .input_fd = -EBADF};
        image->text = made_image_text(c);
        image->key = made_image_key(image->text);
        return made_image_cache_open(cache, make, &image->cache_fd, reterr);
}

/* It is not replaced: what runs may have it as a layer, and any user can make an OCI image of which the text
 * has the hash of another. */
static int image_refuse_other(const Image *image, Error *reterr) {
        int r = error_raise(reterr, FC_EXIT_CONFLICT,
                            "'%s/%s' is the image of another definition, of the same name", image->cache,
                            image->key);

        error_add_hint(reterr, "where no container uses that: flake-containers gc");
        return r;
}

/* @ret_fd: its directory; -EBADF: it is not there. */
static int image_find(const Image *image, int *ret_fd, Error *reterr) {
        _cleanup_close_ int fd = -EBADF, file = -EBADF;
        _cleanup_free_ char *text = NULL;
        int r;

        *ret_fd = -EBADF;
        if (image->cache_fd < 0)
                return 0;
        r = fs_open_beneath_optional(image->cache_fd, image->key, O_RDONLY | O_DIRECTORY, &fd, reterr);
        if (r >= 0 && fd >= 0)
                r = fs_open_file_beneath_optional(fd, "definition", &file, reterr);
        if (r >= 0 && file >= 0)
                r = fs_read_fd(file, "definition", DEFINITION_MAX, &text, NULL, reterr);
        if (r < 0)
                return r;
        if (text && !streq(text, image->text))
                return image_refuse_other(image, reterr);
        if (text)
                *ret_fd = TAKE_FD(fd);
        return 0;
}

bool made_image_is_there(const ContainerSpec *c, const char *cache) {
        _cleanup_(image_done) Image image;
        _cleanup_close_ int fd = -EBADF;

        return image_init(&image, c, xstrdup(cache), /* make= */ false, NULL) >= 0 &&
               image_find(&image, &fd, NULL) >= 0 && fd >= 0;
}

int made_image_open(const ContainerPlan *plan, Error *reterr) {
        _cleanup_(image_done) Image image;
        _cleanup_close_ int fd = -EBADF;
        int r;

        r = image_init(&image, plan->spec, made_image_cache(plan->image), /* make= */ false, reterr);
        if (r >= 0)
                r = image_find(&image, &fd, reterr);
        if (r < 0)
                return r;
        if (fd < 0)
                return error_raise(reterr, FC_EXIT_HOST, "the image '%s' is not there", plan->image);
        return fs_open_beneath(fd, "root", O_RDONLY | O_DIRECTORY, 0, reterr);
}

/* ---- making ---- */

static void on_step(const char *text, void *userdata) {
        const Image *image = userdata;

        progress_update(image->progress, image->plan->spec->name, PHASE_BUILDING, text);
}

static int image_fill_debian(Image *image, int work_fd, Error *reterr) {
        _cleanup_close_ int root_fd = -EBADF;
        int r = debian_build(image->plan->spec->debian, work_fd, on_step, image, reterr);

        if (r >= 0)
                r = root_fd = fs_open_beneath(work_fd, "root", O_RDONLY | O_DIRECTORY, 0, reterr);
        return r < 0 ? r : debian_tree_settle(root_fd, reterr);
}

static int image_fill_oci(Image *image, int work_fd, Error *reterr) {
        int r = oci_build(image->plan->spec->oci, work_fd, image->input_fd, image->input_is_directory,
                          on_step, image, reterr);

        /* What came in between is not what the image is known by. */
        return r < 0 ? r : oci_input_check(image->sources, image->plan, image->input_fd, reterr);
}

static int image_fill(Image *image, int work_fd, Error *reterr) {
        int r;

        /* Of mmdebstrap's own mounts, apt's unprivileged user passes it. */
        if (fchmod(work_fd, 0755) < 0)
                return error_set(reterr, errno, "set the mode of a directory");
        r = image->plan->spec->debian ? image_fill_debian(image, work_fd, reterr)
                                      : image_fill_oci(image, work_fd, reterr);
        if (r >= 0)
                r = fs_write_atomic(work_fd, "definition", image->text, strlen(image->text), 0600, reterr);
        /* After a power failure it is there as a whole, or not. */
        if (r >= 0 && syncfs(work_fd) < 0)
                r = error_set(reterr, errno, "write the image to the disk");
        return r;
}

/* mmdebstrap, apt, dpkg, skopeo and umoci each say it in another way, if at all. */
static int tell_full_disk(const Image *image, int r, Error *reterr) {
        struct statvfs fs;

        if (fstatvfs(image->cache_fd, &fs) < 0 || (uint64_t) fs.f_bavail * fs.f_frsize >= DISK_LEFT_MIN)
                return r;
        error_add_hint(reterr, "the disk of '%s' is full: make room there", image->cache);
        return r;
}

static int image_build(Image *image, Error *reterr) {
        _cleanup_free_ char *name = xasprintf(".%s.new", image->key);
        _cleanup_close_ int work_fd = aside_make(image->cache_fd, name, reterr);
        int r = work_fd;

        if (r >= 0)
                r = image_fill(image, work_fd, reterr);
        /* What a killed `gc` has left of one. */
        if (r >= 0)
                r = fs_remove_tree(image->cache_fd, image->key, reterr);
        if (r >= 0 && renameat(image->cache_fd, name, image->cache_fd, image->key) < 0)
                r = error_set(reterr, errno, "name the new image");
        if (r < 0) {
                r = tell_full_disk(image, r, reterr);
                (void) fs_remove_tree(image->cache_fd, name, NULL);
        }
        return r;
}

char *made_image_lock_name(const char *image_key) {
        return xasprintf(".%s.lock", image_key);
}

char *made_image_user_name(const char *path, int fd) {
        _cleanup_free_ char *key = made_image_key(path), *id = file_id_text(fd);

        return id ? xasprintf("%s-%s", key, id) : NULL;
}

static int image_open_lock(Image *image, Error *reterr) {
        _cleanup_free_ char *name = made_image_lock_name(image->key);

        image->lock_fd = safe_close(image->lock_fd);
        image->lock_fd = fs_open_file_beneath(image->cache_fd, name, O_RDWR | O_CREAT, 0600, reterr);
        return image->lock_fd < 0 ? image->lock_fd : 0;
}

static int image_lock_once(const Image *image, int operation, bool wait, Error *reterr) {
        if (flock(image->lock_fd, operation | LOCK_NB) >= 0)
                return 1;
        if (errno != EWOULDBLOCK)
                return error_set(reterr, errno, "lock the image");
        if (!wait)
                return 0;
        on_step("waiting for another command that works on the image", (void *) image);
        return lock_wait(image->lock_fd, operation, image->key, UINT64_MAX, reterr);
}

/* `gc` removes the file with the image. Return: 1 it is locked, 0 another command is in the way, or a
 * negative errno. */
static int image_lock(Image *image, int operation, bool wait, Error *reterr) {
        _cleanup_free_ char *name = made_image_lock_name(image->key);

        for (;;) {
                int r = image_lock_once(image, operation, wait, reterr);

                if (r <= 0 || lock_is_current(image->cache_fd, name, image->lock_fd))
                        return r;
                r = image_open_lock(image, reterr);
                if (r < 0)
                        return r;
        }
}

/* Shared, it is not removed: with that it is waited for, since the command that has made it keeps it so for
 * long. @ret_fd: -EBADF: it is not there. Return: as image_lock(). */
static int image_hold(Image *image, int *ret_fd, Error *reterr) {
        int r = image_lock(image, LOCK_SH, /* wait= */ true, reterr), k;

        *ret_fd = -EBADF;
        if (r <= 0)
                return r;
        k = image_find(image, ret_fd, reterr);
        return k < 0 ? k : 1;
}

static int image_have(Image *image, int *ret_fd, Error *reterr) {
        for (bool again = false;; again = true) {
                _cleanup_close_ int there = -EBADF;
                int r;

                /* From one lock to the other another process may come between. */
                r = image_hold(image, ret_fd, reterr);
                if (r < 0 || *ret_fd >= 0)
                        return r < 0 ? r : 0;
                /* The first time: it may make what is then waited for as above. */
                r = image_lock(image, LOCK_EX, /* wait= */ again, reterr);
                if (r == 0)
                        continue;
                if (r > 0)
                        r = image_find(image, &there, reterr);
                if (r >= 0 && there < 0)
                        r = image_build(image, reterr);
                if (r < 0)
                        return r;
        }
}

/* So that `gc` finds the container, and can look whether it uses the image still. Another one may be at that
 * path by then. */
static int note_user(int image_fd, int container_fd, Error *reterr) {
        _cleanup_free_ char *path = NULL, *name = NULL;
        _cleanup_close_ int users = fs_mkdir_beneath(image_fd, "users", 0700, reterr);
        int r = users;

        if (r >= 0)
                r = fs_fd_path(container_fd, "the container's directory", &path, reterr);
        if (r < 0)
                return r;
        name = made_image_user_name(path, container_fd);
        return name ? fs_replace_link(users, name, path, reterr)
                    : error_set(reterr, errno, "look at the container's directory");
}

int made_image_make(const ContainerPlan *plan, const Sources *sources, int container_fd, Progress *progress,
                    int *ret_lock_fd, Error *reterr) {
        _cleanup_(image_done) Image image;
        _cleanup_close_ int fd = -EBADF;
        int r;

        r = image_init(&image, plan->spec, made_image_cache(plan->image), /* make= */ true, reterr);
        image.plan = plan;
        image.sources = sources;
        image.progress = progress;
        /* One that is there already is for those alone who can read what it was made of. */
        if (r >= 0 && plan->spec->oci)
                r = image.input_fd = oci_input_open(sources, plan, &image.input_is_directory, reterr);
        if (r >= 0)
                r = image_open_lock(&image, reterr);
        if (r >= 0)
                r = image_have(&image, &fd, reterr);
        if (r >= 0 && plan->spec->oci)
                r = oci_entry_check(fd, plan, reterr);
        if (r >= 0 && container_fd >= 0)
                r = note_user(fd, container_fd, reterr);
        if (r < 0)
                return error_in_container(reterr, r, plan->spec->name);
        *ret_lock_fd = TAKE_FD(image.lock_fd);
        return 0;
}
