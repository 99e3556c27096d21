/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "plan/ids.h"
#include "resources/resource-overlay.h"
#include "rootfs/aside.h"
#include "rootfs/mounts.h"
#include "rootfs/overlay.h"

int resource_open_overlay(const Sources *sources, const PlanMount *m, bool create, Error *reterr) {
        _cleanup_close_ int fd = -EBADF;
        struct stat st;
        int r;

        /* The kernel refuses it, too, and the container would see itself. */
        if (m->masked)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "%s: '%s' has the project's '.containers' in it, where an overlay keeps "
                                   "what is written",
                                   m->place, m->source);
        r = fd = resource_open_volume(sources, m, create, /* notes= */ NULL, reterr);
        if (r < 0)
                return r;
        if (fstat(fd, &st) < 0)
                return error_set(reterr, errno, "look at '%s'", m->source);
        if (!S_ISDIR(st.st_mode))
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "%s: '%s' is not a directory, which an overlay needs", m->place,
                                   m->source);
        return TAKE_FD(fd);
}

/* Where layers are kept. @ret_ids_fd: borrowed from @maps; -EBADF: the container has the host's ids. */
static int open_kept(const StateDir *state, const ContainerPlan *plan, MountMaps *maps, int *ret_volumes_fd,
                     int *ret_ids_fd, Error *reterr) {
        _cleanup_free_ char *ids = plan->ids_base > 0 ? ids_map_layer(plan->ids_base) : NULL;
        int r = *ret_volumes_fd = state_dir_volumes_make(state, reterr);

        *ret_ids_fd = -EBADF;
        if (r >= 0 && ids)
                r = *ret_ids_fd = mount_maps_open(maps, ids, ids, reterr);
        return r < 0 ? r : 0;
}

/* Return: a detached mount of the directory @aside, made anew. */
static int make_upper(int volumes_fd, const char *aside, int lower, int ids_fd, Error *reterr) {
        _cleanup_close_ int fd = aside_make(volumes_fd, aside, reterr), tree_fd = -EBADF;
        int r = fd;

        if (r >= 0)
                r = tree_fd = mount_clone_mapped(fd, ids_fd, reterr);
        if (r >= 0)
                r = overlay_make_layers(tree_fd, lower, reterr);
        return r < 0 ? r : TAKE_FD(tree_fd);
}

static int lay_over(const PlanMount *m, int lower, int state, Error *reterr) {
        int fd = overlay_lay(lower, state, /* lasting= */ !m->fleeting, NULL);

        if (fd >= 0)
                return fd;
        fd = error_raise(reterr, FC_EXIT_HOST, "an overlay of '%s' cannot be made here: %s", m->source,
                         strerror(-fd));
        error_add_hint(reterr,
                       "both its file system and that of '.containers' must be good for overlayfs, and "
                       "private users need Linux 5.19");
        error_add_hint(reterr, "mount it read-only, or copy it into a volume '@NAME'");
        return fd;
}

int resource_try_overlay(const StateDir *state, const ContainerPlan *plan, const PlanMount *m, int lower,
                         MountMaps *maps, Error *reterr) {
        _cleanup_close_ int volumes_fd = -EBADF, tree_fd = -EBADF, fd = -EBADF;
        _cleanup_free_ char *aside = xasprintf(".%s.try", m->upper);
        int ids_fd, r;

        r = open_kept(state, plan, maps, &volumes_fd, &ids_fd, reterr);
        if (r < 0)
                return r;
        r = tree_fd = make_upper(volumes_fd, aside, lower, ids_fd, reterr);
        if (r >= 0)
                r = fd = lay_over(m, lower, tree_fd, reterr);
        fd = safe_close(fd);
        tree_fd = safe_close(tree_fd);
        (void) fs_remove_tree(volumes_fd, aside, NULL);
        return r < 0 ? r : 0;
}

/* Complete or not there at all, see aside.h. Return: a detached mount. */
static int open_layers(int volumes_fd, const PlanMount *m, int lower, int ids_fd, Error *reterr) {
        _cleanup_free_ char *aside = xasprintf(".%s.new", m->upper);
        _cleanup_close_ int fd = -EBADF, tree_fd = -EBADF;
        int r = volume_tree_open(volumes_fd, m->upper, &fd, reterr);

        if (r < 0)
                return r;
        if (fd >= 0)
                return mount_clone_mapped(fd, ids_fd, reterr);
        r = tree_fd = make_upper(volumes_fd, aside, lower, ids_fd, reterr);
        if (r >= 0 && renameat(volumes_fd, aside, volumes_fd, m->upper) < 0)
                r = error_set(reterr, errno, "name the layers");
        if (r < 0)
                (void) fs_remove_tree(volumes_fd, aside, NULL);
        return r < 0 ? r : TAKE_FD(tree_fd);
}

int resource_lay_overlay(const StateDir *state, const ContainerPlan *plan, const PlanMount *m, int lower,
                         MountMaps *maps, Error *reterr) {
        _cleanup_close_ int volumes_fd = -EBADF, tree_fd = -EBADF;
        int ids_fd, r;

        r = open_kept(state, plan, maps, &volumes_fd, &ids_fd, reterr);
        if (r < 0)
                return r;
        r = tree_fd = open_layers(volumes_fd, m, lower, ids_fd, reterr);
        return r < 0 ? r : lay_over(m, lower, tree_fd, reterr);
}
