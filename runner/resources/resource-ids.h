/* SPDX-License-Identifier: MIT */
#pragma once

/* Mapping the ids of what a container with private users is made of, by us and before it starts:
 * systemd-nspawn maps one mount at a time, has one number for users and groups, and of a file system that
 * cannot be mapped it would only say "Invalid argument". */

#include "host/user.h"
#include "plan/plan.h"
#include "rootfs/mount-maps.h"
#include "rootfs/volume-tree.h"

/* An account of the container. */
typedef struct AccountIds {
        uint32_t uid, gid;
} AccountIds;

/**
 * resource_find_account() - the numbers of the account that a mount's source belongs to
 * @root_fd: the container's root, or the image that it is going to be a copy of; may be O_PATH
 *
 * FC_EXIT_USAGE where it has no such account.
 */
int resource_find_account(const ContainerPlan *plan, const PlanMount *m, int root_fd, AccountIds *ret,
                          Error *reterr);

/**
 * resource_open_volume_ids() - the maps by which a fresh named volume is filled
 * @user: the developer, to whom it is going to belong
 * @ret: borrowed from @maps
 */
int resource_open_volume_ids(const ContainerPlan *plan, const InvokingUser *user, AccountIds account,
                             MountMaps *maps, VolumeIds *ret, Error *reterr);

/**
 * resource_map_ids() - map a mount, and those in it, as the plan says
 * @user: the developer
 * @account: who owns its source; not looked at where the plan has nothing to do with that
 * @source_fd: what it was made from
 * @tree_fd: the detached mount
 *
 * FC_EXIT_HOST, with the file system, where that is not possible.
 */
int resource_map_ids(const ContainerPlan *plan, const PlanMount *m, const InvokingUser *user,
                     AccountIds account, int source_fd, int tree_fd, MountMaps *maps, Error *reterr);

/**
 * resource_check_ids() - the same error, where something else has to be done first
 * @fd: where the mount's files lie, or are going to
 * @ret_ids_fd: its map, borrowed from @maps; not touched where it has none; may be NULL
 */
int resource_check_ids(const ContainerPlan *plan, const PlanMount *m, int fd, MountMaps *maps,
                       int *ret_ids_fd, Error *reterr);
