/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "enter/account.h"
#include "host/facts.h"
#include "plan/ids.h"
#include "resources/resource-ids.h"
#include "rootfs/mounts.h"
#include "spec/volume-owner.h"

/* With a toplevel there are numbers only, and no account that says a group (spec/volume-owner.h). A number
 * that has no account in an image has the group of the same number. */
int resource_find_account(const ContainerPlan *plan, const PlanMount *m, int root_fd, AccountIds *ret,
                          Error *reterr) {
        _cleanup_(account_done) Account account = {};
        AccountIds ids = {};
        bool has_gid = false;
        int r;

        if (volume_owner_ids(m->account, &ids.uid, &ids.gid, &has_gid) && (has_gid || plan->store)) {
                *ret = ids;
                return 0;
        }
        account_find_in_root(root_fd, m->account, &account);
        if (!account.has_uid) {
                r = error_raise(reterr, FC_EXIT_USAGE,
                                "owner: '/etc/passwd' of the container has no account '%s'", m->account);
                error_add_hint(reterr, "the number of an account will do, too");
                return r;
        }
        if (account.uid >= IDS_SIZE || account.gid >= IDS_SIZE)
                return error_raise(
                        reterr, FC_EXIT_USAGE,
                        "owner: account '%s' has the ids %u:%u, and the container has those to %u",
                        m->account, account.uid, account.gid, IDS_SIZE - 1);
        *ret = (AccountIds){account.uid, account.gid};
        return 0;
}

static int open_owner_map(const ContainerPlan *plan, AccountIds account, uint32_t uid, uint32_t gid,
                          MountMaps *maps, Error *reterr) {
        uint32_t disk = ids_choose_disk(uid);
        _cleanup_free_ char *uids = ids_map_owner(plan->ids_base, disk, account.uid, uid),
                            *gids = ids_map_owner(plan->ids_base, disk, account.gid, gid);

        return mount_maps_open(maps, uids, gids, reterr);
}

/* @user: may be NULL. A named volume may itself belong to another account than the developer, since it began
 * as a directory that does. Return: an fd, borrowed from @maps. */
static int open_map(const ContainerPlan *plan, const PlanMount *m, const InvokingUser *user,
                    AccountIds account, int source_fd, MountMaps *maps, Error *reterr) {
        struct stat st;
        uint32_t disk;

        if (m->mapping == PLAN_MAP_CONTAINER)
                return mount_maps_open_container(maps, plan->ids_base, reterr);
        if (fstat(source_fd, &st) < 0)
                return error_set(reterr, errno, "look at '%s'", m->source);
        if (user && (m->kind == PLAN_MOUNT_NAMED_VOLUME || m->kind == PLAN_MOUNT_LAYERED)) {
                disk = ids_choose_disk(user->uid);
                st.st_uid = ids_owner_for(disk, user->uid, st.st_uid);
                st.st_gid = ids_owner_for(disk, user->gid, st.st_gid);
        }
        return open_owner_map(plan, account, st.st_uid, st.st_gid, maps, reterr);
}

int resource_open_volume_ids(const ContainerPlan *plan, const InvokingUser *user, AccountIds account,
                             MountMaps *maps, VolumeIds *ret, Error *reterr) {
        _cleanup_free_ char *all = ids_map_all(plan->ids_base);
        VolumeIds ids;

        ids.covered_fd = mount_maps_open(maps, all, all, reterr);
        if (ids.covered_fd < 0)
                return ids.covered_fd;
        ids.volume_fd = open_owner_map(plan, account, user->uid, user->gid, maps, reterr);
        if (ids.volume_fd < 0)
                return ids.volume_fd;
        *ret = ids;
        return 0;
}

/* Return: the error of the mount. */
static int try_mount(const char *point, int ids_fd) {
        _cleanup_close_ int fd = open(point, O_PATH | O_NOFOLLOW | O_CLOEXEC);

        return fd < 0 ? -errno : mount_try_ids(fd, ids_fd);
}

/* Raises what of it cannot be mapped: the file system itself, or one that is mounted in it. */
static int raise_cannot_map(const PlanMount *m, int source_fd, int ids_fd, Error *reterr) {
        HostMount *mounts = NULL;
        size_t n = 0, i = 0;
        int cause, r;

        r = facts_list_mounts(source_fd, &mounts, &n, reterr);
        if (r < 0)
                return r;
        cause = mount_try_ids(source_fd, ids_fd);
        while (cause >= 0 && ++i < n)
                cause = try_mount(mounts[i].point, ids_fd);
        if (cause == -EPERM)
                r = error_raise(reterr, FC_EXIT_HOST,
                                "'%s' is on a mount whose ids are mapped already, and private users need a "
                                "map of their own",
                                i < n ? mounts[i].point : m->source);
        else if (i == 0 || i >= n)
                r = error_raise(reterr, FC_EXIT_HOST,
                                "the file system of '%s' (%s) cannot be id-mapped, which private users need",
                                m->source, n > 0 ? mounts[0].type : "unknown");
        else
                r = error_raise(reterr, FC_EXIT_HOST,
                                "the file system at '%s' (%s), which is mounted in '%s', cannot be "
                                "id-mapped, which private users need",
                                mounts[i].point, mounts[i].type, m->source);
        host_mounts_done(mounts, n);
        if (m->place)
                error_add_hint(reterr, "give the volume \"owner\": \"host\"; inside it belongs to "
                                       "\"nobody\", and can be read "
                                       "as far as others may");
        error_add_hint(reterr, "give the container \"users\": \"host\"; root inside is then root");
        return r;
}

int resource_map_ids(const ContainerPlan *plan, const PlanMount *m, const InvokingUser *user,
                     AccountIds account, int source_fd, int tree_fd, MountMaps *maps, Error *reterr) {
        int ids_fd, r;

        if (m->mapping == PLAN_MAP_NONE)
                return 0;
        ids_fd = open_map(plan, m, user, account, source_fd, maps, reterr);
        if (ids_fd < 0)
                return ids_fd;
        r = mount_map_ids(tree_fd, ids_fd, reterr);
        return mount_has_no_ids(r) ? raise_cannot_map(m, source_fd, ids_fd, reterr) : r;
}

int resource_check_ids(const ContainerPlan *plan, const PlanMount *m, int fd, MountMaps *maps,
                       int *ret_ids_fd, Error *reterr) {
        int ids_fd, r;

        if (m->mapping == PLAN_MAP_NONE)
                return 0;
        ids_fd = open_map(plan, m, /* user= */ NULL, (AccountIds){}, fd, maps, reterr);
        if (ids_fd < 0)
                return ids_fd;
        r = mount_try_ids(fd, ids_fd);
        if (mount_has_no_ids(r))
                return raise_cannot_map(m, fd, ids_fd, reterr);
        if (r < 0)
                return error_set(reterr, r, "map the ids of '%s'", m->source);
        if (ret_ids_fd)
                *ret_ids_fd = ids_fd;
        return 0;
}
