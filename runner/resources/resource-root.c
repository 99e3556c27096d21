/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/host-socket.h"
#include "image/made-image.h"
#include "project/snapshot-dir.h"
#include "record/ephemeral.h"
#include "resources/resource-ids.h"
#include "resources/resource-sources.h"
#include "resources/resources.h"
#include "rootfs/mounts.h"
#include "rootfs/overlay.h"
#include "rootfs/skeleton.h"
#include "rootfs/tree.h"

/* The kernel's /proc/sys/kernel/overflowuid, which hosts leave as it is. */
#define OVERFLOW_ID 65534

static int update_skeleton(const Project *project, const ContainerPlan *plan, int root_fd, Error *reterr) {
        _cleanup_close_ int toplevel_fd = -EBADF;
        int r;

        if (!plan->spec->init) {
                toplevel_fd = resource_open_toplevel(&project->sources, plan, reterr);
                if (toplevel_fd < 0)
                        return toplevel_fd;
        }
        r = skeleton_update(root_fd, plan->store, toplevel_fd, reterr);
        return r < 0 || !plan->spec->init ? r : skeleton_link_init(root_fd, plan->spec->init, reterr);
}

static const PlanMount *find_root(const ContainerPlan *plan) {
        const PlanMount *m = plan->mounts;

        while (m->kind != PLAN_MOUNT_ROOT)
                m++;
        return m;
}

static void make_mount_points(const ContainerPlan *plan, int root_fd, uint32_t owner) {
        tree_make_parents(root_fd, owner, plan->mount_points);
        if (plan->spec->internet)
                tree_make_file(root_fd, owner, RESOLV_CONF_TARGET);
}

/* A root in @dir_fd, which may be there from an earlier start. Return: a detached mount. */
static int open_tree(const Project *project, const ContainerPlan *plan, Resources *resources, int dir_fd,
                     Error *reterr) {
        _cleanup_close_ int root_fd = -EBADF, tree_fd = -EBADF;
        int r;

        /* Before an image is copied for nothing. */
        r = resource_check_ids(plan, find_root(plan), dir_fd, &resources->maps, NULL, reterr);
        if (r < 0)
                return r;
        r = tree_prepare(dir_fd, resources->image_fd, plan->image ? plan->image : "the snapshot", reterr);
        if (r < 0)
                return r;
        root_fd = fs_open_beneath(dir_fd, "root", O_RDONLY | O_DIRECTORY, 0, reterr);
        if (root_fd < 0)
                return root_fd;
        if (plan->store) {
                r = update_skeleton(project, plan, root_fd, reterr);
                if (r < 0)
                        return r;
        }
        make_mount_points(plan, root_fd, /* owner= */ 0);
        tree_fd = mount_clone(root_fd, /* recursive= */ false, reterr);
        if (tree_fd < 0)
                return tree_fd;
        r = resource_map_ids(plan, find_root(plan), /* user= */ NULL, (AccountIds){}, root_fd, tree_fd,
                             &resources->maps, reterr);
        return r < 0 ? r : TAKE_FD(tree_fd);
}

static int open_overlay(const ContainerPlan *plan, Resources *resources, int dir_fd, Error *reterr) {
        _cleanup_close_ int tree_fd = -EBADF;
        int ids_fd = -EBADF;

        if (plan->ids_base > 0) {
                ids_fd = mount_maps_open_container(&resources->maps, plan->ids_base, reterr);
                if (ids_fd < 0)
                        return ids_fd;
        }
        tree_fd = overlay_mount(resources->image_fd, dir_fd, plan->ids_base, ids_fd, reterr);
        if (tree_fd >= 0)
                make_mount_points(plan, tree_fd, plan->ids_base);
        return TAKE_FD(tree_fd);
}

/* What an earlier start left is removed first. An older kernel, or a file system that is not good for a
 * layer, costs a copy of the image, which takes longer. A system's root is always a copy: root writes to it
 * as root (skeleton.h), which is not the container's root in a layer. */
static int open_ephemeral(const Project *project, const ContainerPlan *plan, Resources *resources,
                          Error *reterr) {
        _cleanup_close_ int dir_fd = ephemeral_make(resources->container_fd, reterr);
        _cleanup_(error_done) Error error = ERROR_NULL;
        int fd;

        if (dir_fd < 0)
                return dir_fd;
        if (!plan->store) {
                fd = open_overlay(plan, resources, dir_fd, &error);
                if (fd >= 0)
                        return fd;
                strv_pushf(&resources->notes, "%s: %s, copying the image instead", plan->spec->name,
                           error.message);
        }
        return open_tree(project, plan, resources, dir_fd, reterr);
}

/* That of the snapshot that a fresh instance begins as. @ret_fd: -EBADF: there is none. */
static int open_snapshot_root(const Project *project, const char *container, int *ret_fd, Error *reterr) {
        _cleanup_free_ char *path = xasprintf(SNAPSHOT_ROOTS "/%s", container);

        return project->snapshot_fd < 0 ? 0
                                        : fs_open_beneath_optional(project->snapshot_fd, path,
                                                                   O_RDONLY | O_DIRECTORY, ret_fd, reterr);
}

/* What belongs to an id that the user's namespace does not have is seen there as "nobody's", and cannot be
 * given to another one. */
static int resource_check_owner(const ContainerPlan *plan, int image_fd, Error *reterr) {
        struct stat st;
        int r;

        if (!host_socket_is_brokered() || fstat(image_fd, &st) < 0 || st.st_uid != OVERFLOW_ID)
                return 0;
        r = error_raise(reterr, FC_EXIT_HOST,
                        "the files of '%s' are root's or another user's, and this is without root",
                        plan->image);
        error_add_hint(
                reterr,
                "a copy that is yours: mkdir '%s.own' && sudo tar -C '%s' -c --exclude='./dev/*' . | "
                "unshare --user "
                "--map-auto --map-root-user tar -C '%s.own' -xp --numeric-owner; and name that as rootfs",
                plan->image, plan->image, plan->image);
        return r;
}

/* Only where there is no root yet: an image that is not used may be missing. */
int resources_open_image(const Project *project, const ContainerPlan *plan, Progress *progress,
                         Resources *resources, Error *reterr) {
        bool there = false;
        int r = 0;

        if (resources->image_fd < 0)
                r = open_snapshot_root(project, plan->spec->name, &resources->image_fd, reterr);
        if (r >= 0 && (!plan->image || resources->image_fd >= 0))
                return 0;
        if (r >= 0 && !plan->spec->ephemeral)
                r = tree_exists(resources->container_fd, &there, reterr);
        if (r >= 0 && !there && made_image_word(plan->spec) && resources->image_lock_fd < 0)
                r = made_image_make(plan, &project->sources, resources->container_fd, progress,
                                    &resources->image_lock_fd, reterr);
        if (r >= 0 && !there)
                r = resources->image_fd = resource_open_image(&project->sources, plan, reterr);
        if (r >= 0 && !there)
                r = resource_check_owner(plan, resources->image_fd, reterr);
        return r < 0 ? error_in_container(reterr, r, plan->spec->name) : 0;
}

int resources_open_root(const Project *project, const ContainerPlan *plan, Progress *progress,
                        Resources *resources, Error *reterr) {
        int fd;

        /* Its root may have been removed since. */
        fd = resources_open_image(project, plan, progress, resources, reterr);
        if (fd < 0)
                return fd;
        fd = plan->spec->ephemeral ? open_ephemeral(project, plan, resources, reterr)
                                   : open_tree(project, plan, resources, resources->container_fd, reterr);
        if (fd < 0)
                return error_in_container(reterr, fd, plan->spec->name);
        resources->mount_fds[find_root(plan) - plan->mounts] = fd;
        return 0;
}
