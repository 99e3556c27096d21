/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "image/made-image.h"
#include "resources/resource-ids.h"
#include "resources/resource-sources.h"
#include "rootfs/store-view.h"
#include "rootfs/tmpfs.h"
#include "rootfs/volume-tree.h"
#include "spec/closure.h"
#include "state/lock.h"

/* Below it is what the flake module's nixDaemon mounts. */
#define NIX_OF_HOST "/nix/var/nix/"

/* systemd-nspawn reads it, and would wait on a FIFO. */
static int check_regular(int fd, const char *path, Error *reterr) {
        struct stat st;

        if (fstat(fd, &st) < 0)
                return error_set(reterr, errno, "look at '%s'", path);
        if (!S_ISREG(st.st_mode))
                return error_raise(reterr, FC_EXIT_USAGE, "'%s' is not a regular file", path);
        return 0;
}

/* Files that the container's root makes there belong to the directory's owner, set-user-id programs
 * included. Users may give away their own account that way, not that of another user whose directory lies
 * on the path. */
static int check_owner(const Sources *sources, const PlanMount *m, int fd, char ***notes, Error *reterr) {
        _cleanup_free_ char *owner = NULL, *user = NULL;
        struct stat st, project;
        int r;

        if (fstat(fd, &st) < 0 || fstat(sources->root_fd, &project) < 0)
                return error_set(reterr, errno, "look at '%s'", m->source);
        if (st.st_uid == sources->asking.uid || st.st_uid == project.st_uid) {
                if (st.st_uid == 0)
                        strv_pushf(notes,
                                   "%s: '%s' belongs to root: there the container's root can make "
                                   "set-user-id programs of the host's root",
                                   m->place, m->source);
                return 0;
        }
        owner = user_name(st.st_uid);
        user = user_name(sources->asking.uid);
        r = error_raise(
                reterr, FC_EXIT_CONFLICT,
                "'%s' belongs to %s, as whom the container would write there, and neither to %s nor to "
                "the owner of the project",
                m->source, owner, user);
        error_add_hint(reterr,
                       "give the volume \"readOnly\": true, or \"owner\": \"container\" where its ids "
                       "are the container's");
        return r;
}

int resource_open_volume(const Sources *sources, const PlanMount *m, bool create, char ***notes,
                         Error *reterr) {
        _cleanup_close_ int fd = source_open_volume(sources, m->source, m->below, m->masked, create, reterr);
        int r = fd;

        if (r == -ENOENT && startswith(m->source, NIX_OF_HOST))
                error_add_hint(reterr,
                               "this is for the host's Nix daemon, and there is none: install Nix for "
                               "several users, or leave nixDaemon off");
        else if (r == -ENOENT)
                error_add_hint(reterr, "make it: mkdir '%s'", m->source);
        if (r >= 0 && m->mapping == PLAN_MAP_OWNER && !m->read_only && !m->upper)
                r = check_owner(sources, m, fd, notes, reterr);
        return r < 0 ? error_prefix(reterr, r, "%s", m->place) : TAKE_FD(fd);
}

/* Where the root has nothing of that name it is the developer's, whoever that is inside. */
static int make_owned_volume(const FreshVolume *f, int volumes_fd, const PlanMount *m, const char *name,
                             Covered *covered, Error *reterr) {
        const InvokingUser *user = &f->state->user;
        VolumeIds ids;
        int r;

        if (covered->fd < 0) {
                covered->uid = user->uid;
                covered->gid = user->gid;
                return volume_tree_make(volumes_fd, name, covered, /* ids= */ NULL, reterr);
        }
        /* Before it is copied for nothing. */
        r = resource_check_ids(f->plan, m, volumes_fd, f->maps, NULL, reterr);
        if (r >= 0)
                r = resource_open_volume_ids(f->plan, user, f->account, f->maps, &ids, reterr);
        return r < 0 ? r : volume_tree_make(volumes_fd, name, covered, &ids, reterr);
}

static int make_named_volume(const FreshVolume *f, int volumes_fd, const PlanMount *m, const char *name,
                             Error *reterr) {
        _cleanup_(covered_done) Covered covered = {.fd = -EBADF};
        int r = covered_open(f->root_fd, m->target, &covered, reterr);

        if (r < 0)
                return r;
        return m->mapping == PLAN_MAP_OWNER ? make_owned_volume(f, volumes_fd, m, name, &covered, reterr)
                                            : volume_tree_make(volumes_fd, name, &covered, NULL, reterr);
}

/* Containers share volumes, and each command holds the locks of its own containers only. */
static int make_named_volume_once(const FreshVolume *f, int volumes_fd, const PlanMount *m, const char *name,
                                  Error *reterr) {
        _cleanup_(lock_release) Lock lock = LOCK_NULL;
        int fd, r;

        r = lock_acquire(f->runtime_fd, LOCK_VOLUMES, "up", UINT64_MAX, NULL, NULL, &lock, reterr);
        if (r >= 0)
                r = volume_tree_open(volumes_fd, name, &fd, reterr);
        if (r < 0)
                return r;
        return fd >= 0 ? fd : make_named_volume(f, volumes_fd, m, name, reterr);
}

const char *resource_volume_name(const PlanMount *m) {
        return m->upper ? m->upper : strrchr(m->source, '/') + 1;
}

int resource_is_fresh(const StateDir *state, const PlanMount *m, bool *ret, Error *reterr) {
        _cleanup_close_ int volumes_fd = state_dir_volumes_make(state, reterr), fd = -EBADF;
        int r = volumes_fd;

        if (r >= 0)
                r = volume_tree_open(volumes_fd, resource_volume_name(m), &fd, reterr);
        if (r < 0)
                return r;
        *ret = fd < 0;
        return 0;
}

int resource_open_named_volume(const FreshVolume *f, const PlanMount *m, Error *reterr) {
        _cleanup_close_ int volumes_fd = state_dir_volumes_make(f->state, reterr);
        const char *name = resource_volume_name(m);
        int fd, r;

        if (volumes_fd < 0)
                return volumes_fd;
        r = volume_tree_open(volumes_fd, name, &fd, reterr);
        if (r >= 0 && fd < 0)
                r = fd = make_named_volume_once(f, volumes_fd, m, name, reterr);
        return r < 0 ? error_prefix(reterr, r, "%s", m->place) : fd;
}

int resource_mount_tmpfs(const ContainerPlan *plan, const PlanMount *m, int root_fd, Error *reterr) {
        _cleanup_(covered_done) Covered covered = {.fd = -EBADF};
        const Tmpfs *tmpfs = m->tmpfs;
        int r;

        r = covered_open(root_fd, m->target, &covered, reterr);
        if (r >= 0)
                r = tmpfs_mount(tmpfs->size, tmpfs->mode_given ? tmpfs->mode : covered.mode,
                                plan->ids_base + covered.uid, plan->ids_base + covered.gid, reterr);
        return r < 0 ? error_prefix(reterr, r, "%s", m->place) : r;
}

int resource_open_readable(const Sources *sources, const char *what, const char *path, const char *below,
                           Error *reterr) {
        _cleanup_close_ int path_fd = source_open(sources, what, path, below, /* reads= */ true, reterr);
        char proc[FS_PROC_FD_MAX];
        int fd, r;

        if (path_fd < 0)
                return path_fd;
        r = check_regular(path_fd, path, reterr);
        if (r < 0)
                return r;
        /* A guest that has the file in a volume can hold a lease on it, fcntl(2). */
        fd = open(fs_proc_fd(proc, path_fd), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        return fd < 0 ? error_set(reterr, errno, "open '%s'", path) : fd;
}

int resource_read(const Sources *sources, const char *what, const char *source, const char *below,
                  size_t max, char **ret, size_t *ret_size, Error *reterr) {
        _cleanup_close_ int fd = resource_open_readable(sources, what, source, below, reterr);

        return fd < 0 ? fd : fs_read_fd(fd, source, max, ret, ret_size, reterr);
}

int resource_open_credential(const Sources *sources, const PlanMount *m, Error *reterr) {
        _cleanup_close_ int fd = source_open(sources, "", m->source, m->below, /* reads= */ true, reterr);
        int r = fd;

        if (r >= 0)
                r = check_regular(fd, m->source, reterr);
        return r < 0 ? error_prefix(reterr, r, "%s", m->place) : TAKE_FD(fd);
}

/* The host's root is refused in any spelling, and through a link. */
static int check_image(int fd, const char *image, Error *reterr) {
        struct stat st, root;

        if (fstat(fd, &st) < 0 || stat("/", &root) < 0)
                return error_set(reterr, errno, "look at image '%s'", image);
        if (!S_ISDIR(st.st_mode))
                return error_raise(reterr, FC_EXIT_USAGE, "image '%s' is not a directory", image);
        if (st.st_dev == root.st_dev && st.st_ino == root.st_ino)
                return error_raise(reterr, FC_EXIT_USAGE, "image '%s' is the host's root", image);
        return 0;
}

static int open_rootfs(const Sources *sources, const ContainerPlan *plan, Error *reterr) {
        _cleanup_close_ int fd =
                source_open(sources, "image", plan->image, plan->image_below, /* reads= */ false, reterr);
        int r = fd;

        if (r >= 0)
                r = check_image(fd, plan->image, reterr);
        if (r < 0 && plan->spec->build)
                error_add_hint(reterr, "make it: %s", plan->spec->build);
        return r < 0 ? r : TAKE_FD(fd);
}

int resource_open_image(const Sources *sources, const ContainerPlan *plan, Error *reterr) {
        if (made_image_word(plan->spec))
                return made_image_open(plan, reterr);
        return open_rootfs(sources, plan, reterr);
}

int resource_open_toplevel(const Sources *sources, const ContainerPlan *plan, Error *reterr) {
        _cleanup_close_ int fd =
                source_open(sources, "toplevel", plan->spec->toplevel, NULL, /* reads= */ false, reterr);
        struct stat st;

        if (fd == -ENOENT)
                error_add_hint(reterr, "it may have been garbage-collected; build it again");
        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0)
                return error_set(reterr, errno, "look at toplevel '%s'", plan->spec->toplevel);
        if (!S_ISDIR(st.st_mode))
                return error_raise(reterr, FC_EXIT_USAGE, "toplevel '%s' is not a directory",
                                   plan->spec->toplevel);
        return TAKE_FD(fd);
}

int resource_open_store(const Sources *sources, const ContainerPlan *plan, Error *reterr) {
        _cleanup_close_ int toplevel_fd = resource_open_toplevel(sources, plan, reterr);

        if (toplevel_fd < 0)
                return toplevel_fd;
        return source_open(sources, "store", plan->store, NULL, /* reads= */ false, reterr);
}

int resource_read_closure(const Sources *sources, const ContainerPlan *plan, char ***ret_names,
                          Error *reterr) {
        const char *closure = plan->spec->closure;
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r;

        r = resource_read(sources, "closure", closure, NULL, CLOSURE_SIZE_MAX, &text, &size, reterr);
        if (r < 0)
                return r;
        r = closure_parse(text, size, plan->store, plan->spec->toplevel, ret_names, reterr);
        return r < 0 ? error_prefix(reterr, r, "'%s'", closure) : 0;
}

int resource_mount_closure(const Sources *sources, const ContainerPlan *plan, const PlanMount *m,
                           MountMaps *maps, Error *reterr) {
        _cleanup_close_ int store_fd = resource_open_store(sources, plan, reterr);
        _cleanup_strv_ char **names = NULL;
        int ids_fd = -EBADF, r;

        if (store_fd < 0)
                return store_fd;
        r = resource_read_closure(sources, plan, &names, reterr);
        if (r >= 0)
                r = resource_check_ids(plan, m, store_fd, maps, &ids_fd, reterr);
        return r < 0 ? r : store_view_mount(store_fd, plan->store, names, plan->ids_base, ids_fd, reterr);
}
