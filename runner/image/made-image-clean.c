/* SPDX-License-Identifier: MIT */

/* What `gc` does to the images that are made of a specification. */

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/paths.h"
#include "base/strv.h"
#include "image/made-image.h"
#include "machine/machine.h"
#include "plan/definition.h"
#include "state/lock.h"
#include "state/mounted.h"
#include "state/state.h"

typedef enum ImageUse {
        IMAGE_UNUSED,
        IMAGE_LOST, /* the container is not there: removed, or its project has another name now */
        IMAGE_USED,
} ImageUse;

/* Whether the directory is the one that a link in `users` was made for, and not that of another project that
 * has come to its place. */
static bool is_noted(int fd, const char *path, const char *link) {
        _cleanup_free_ char *name = made_image_user_name(path, fd);

        return name && streq(name, link);
}

/* What the container was started with last says whether it uses an image. One of which that cannot be read
 * does: to keep an image too long does no harm. @link: the name in `users`. */
static ImageUse find_use(const char *path, const char *link, const char *image) {
        _cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        _cleanup_(container_state_freep) ContainerState *state = NULL;
        const InvokingUser root = {};

        if (fd < 0)
                return errno == ENOENT || errno == ENOTDIR || errno == ELOOP ? IMAGE_LOST : IMAGE_USED;
        if (container_state_load(fd, "", &root, &state, NULL) < 0)
                return IMAGE_USED;
        if (state && streq_ptr(definition_get(state->definition, DEFINITION_IMAGE), image))
                return IMAGE_USED;
        return state && is_noted(fd, path, link) ? IMAGE_UNUSED : IMAGE_LOST;
}

/* A layer does not tell from which image it is. What cannot be looked at may be one. */
static bool runs_on_layer(const Gc *gc) {
        STRV_FOREACH (machine, gc->machines) {
                MachineStatus status;

                if (machine_query(gc->facts.cgroup_root, *machine, &status, NULL) < 0)
                        return true;
                if (status.running &&
                    (status.keeper <= 0 || mounted_is_overlay_for(status.keeper, MACHINE_DIR "/root")))
                        return true;
        }
        return false;
}

/* @lost: whether links count that lead to no user. Without it users/ only grows. */
static void forget_users(int users_fd, char *const *names, const ImageUse *uses, bool lost) {
        for (size_t i = 0; names && names[i]; i++)
                if (uses[i] == IMAGE_UNUSED || (lost && uses[i] == IMAGE_LOST))
                        (void) unlinkat(users_fd, names[i], 0);
}

static ImageUse look_at_user(int users_fd, const char *name, const char *image) {
        char path[PATH_MAX];
        ssize_t n = readlinkat(users_fd, name, path, sizeof(path) - 1);

        if (n < 0)
                return IMAGE_USED;
        path[n] = '\0';
        return find_use(path, name, image);
}

static bool is_used(Gc *gc, int cache_fd, const char *key) {
        _cleanup_free_ char *place = xasprintf("%s/users", key),
                            *image = xasprintf("%s/%s/root", gc->facts.image_cache, key);
        _cleanup_close_ int users_fd = -EBADF;
        _cleanup_strv_ char **names = NULL;
        _cleanup_free_ ImageUse *uses = NULL;
        bool used = false, lost = false, layer;

        if (fs_open_beneath_optional(cache_fd, place, O_RDONLY | O_DIRECTORY, &users_fd, NULL) < 0)
                return true;
        if (users_fd < 0)
                return false;
        if (fs_list(users_fd, &names) < 0)
                return true;
        uses = xnew0(ImageUse, strv_length(names) + 1);
        for (size_t i = 0; names && names[i]; i++) {
                uses[i] = look_at_user(users_fd, names[i], image);
                used = used || uses[i] == IMAGE_USED;
                lost = lost || uses[i] == IMAGE_LOST;
        }
        layer = lost && runs_on_layer(gc);
        if (!gc->dry_run)
                forget_users(users_fd, names, uses, !layer);
        if (used || !layer)
                return used;
        strv_pushf(&gc->notes,
                   "%s/%s: left alone: a container that used it is not where it was, and an ephemeral one "
                   "runs, which may be that",
                   gc->facts.image_cache, key);
        return true;
}

static bool is_key(const char *name) {
        return strlen(name) == 16 && name[strspn(name, "0123456789abcdef")] == '\0';
}

/* ".KEY" and the suffix. Owned by the caller; NULL: it is something else. */
static char *key_before(const char *name, const char *suffix) {
        _cleanup_free_ char *key = name[0] == '.' ? xstrndup(name + 1, 16) : NULL;

        return key && is_key(key) && streq(name + 1 + 16, suffix) ? TAKE_PTR(key) : NULL;
}

/* Killed in the midst, it leaves what does not count as an image: a directory's files go before its
 * directories, and so `definition` before what is in `root`. */
static int remove_image(Gc *gc, int cache_fd, const char *name, const char *why, Error *reterr) {
        _cleanup_free_ char *path = xasprintf("%s/%s", gc->facts.image_cache, name);
        int r = gc->dry_run ? 0 : fs_remove_tree(cache_fd, name, reterr);

        if (r >= 0)
                gc_say(gc, "image", path, why);
        return r;
}

/* What a command makes or uses is locked, and left alone. */
static int clean_one(Gc *gc, int cache_fd, const char *name, Error *reterr) {
        _cleanup_free_ char *unfinished = key_before(name, ".new"), *lock = NULL;
        const char *key = unfinished ? unfinished : name;
        _cleanup_close_ int fd = -EBADF;

        if (!is_key(key))
                return 0;
        lock = made_image_lock_name(key);
        fd = fs_open_file_beneath(cache_fd, lock, O_RDWR | O_CREAT, 0600, reterr);
        if (fd < 0)
                return fd;
        if (flock(fd, LOCK_EX | LOCK_NB) < 0)
                return errno == EWOULDBLOCK ? 0 : error_set(reterr, errno, "lock the image '%s'", key);
        if (unfinished)
                return remove_image(gc, cache_fd, name, "a command was killed while it made it", reterr);
        return is_used(gc, cache_fd, key) ? 0
                                          : remove_image(gc, cache_fd, name, "no container uses it", reterr);
}

/* The lock of an image that is not there, and is not being made. A command that has opened the file sees
 * that it is not the lock any more (lock_is_current()). */
static int clean_lock(int cache_fd, const char *name, Error *reterr) {
        _cleanup_free_ char *key = key_before(name, ".lock"), *unfinished = NULL;
        _cleanup_close_ int fd = -EBADF;
        bool image, work;
        int r;

        if (!key)
                return 0;
        r = fs_open_file_beneath_optional(cache_fd, name, &fd, reterr);
        if (r < 0 || fd < 0)
                return r;
        if (flock(fd, LOCK_EX | LOCK_NB) < 0)
                return errno == EWOULDBLOCK ? 0 : error_set(reterr, errno, "lock the image '%s'", key);
        unfinished = xasprintf(".%s.new", key);
        r = fs_is_there(cache_fd, key, &image, reterr);
        if (r >= 0)
                r = fs_is_there(cache_fd, unfinished, &work, reterr);
        if (r < 0 || image || work || !lock_is_current(cache_fd, name, fd))
                return r;
        return unlinkat(cache_fd, name, 0) < 0 ? error_set(reterr, errno, "remove '%s'", name) : 0;
}

int made_image_clean(Gc *gc, Error *reterr) {
        _cleanup_close_ int cache_fd = -EBADF;
        _cleanup_strv_ char **names = NULL;
        int r;

        r = made_image_cache_open(gc->facts.image_cache, /* make= */ false, &cache_fd, reterr);
        if (r < 0 || cache_fd < 0)
                return r;
        r = fs_list(cache_fd, &names);
        if (r < 0)
                return error_set(reterr, r, "list '%s'", gc->facts.image_cache);
        STRV_FOREACH (name, names) {
                r = clean_one(gc, cache_fd, *name, reterr);
                if (r < 0)
                        return r;
        }
        strv_free(names);
        names = NULL;
        r = fs_list(cache_fd, &names);
        if (r < 0)
                return error_set(reterr, r, "list '%s'", gc->facts.image_cache);
        STRV_FOREACH (name, gc->dry_run ? NULL : names) {
                r = clean_lock(cache_fd, *name, reterr);
                if (r < 0)
                        return r;
        }
        return 0;
}
