/* SPDX-License-Identifier: MIT */
#pragma once

/* Which ids a container has on the host, and how those of its files are kept on the disk. Pure.
 *
 * The kernel has IDS_SIZE ids for each container with private users; inside they are 0 to IDS_SIZE - 1. The
 * files of a mount have other ids on the disk, and a map says which: text as for uid_map and gid_map
 * (user_namespaces(7)), of which the first column is the disk. Users and groups have a map each. */

#include "base/macro.h"

#define IDS_SIZE UINT32_C(0x00010000)

/* On the disk, as systemd-nspawn has it: of what the host's root makes in a container, which belongs to none
 * of its users. */
#define IDS_HOST_ROOT UINT32_C(0x7ffffffe)

/* The first of the container's ids on the host. It is one of those that systemd-nspawn picks from, and like
 * its first choice a hash of the machine's name. */
uint32_t ids_choose(const char *machine);

/**
 * ids_choose_disk() - where the ids of a container are kept in what belongs to a user of the host
 * @owner: the uid
 *
 * The first of IDS_SIZE. It depends on the owner alone, so that all containers agree about a source that
 * they share, and two users of the host get different ones.
 */
uint32_t ids_choose_disk(uint32_t owner);

/* The map by which the disk has the ids that there are inside. Owned by the caller. */
char *ids_map_container(uint32_t base);

/**
 * ids_map_owner() - the map by which one id of the container is the owner's on the disk
 * @base: ids_choose()
 * @disk: ids_choose_disk(): the container's other ids
 * @inside: that one
 * @owner: the owner's id
 *
 * All that is in neither range is itself: such a file belongs to "nobody" inside, and what its permissions
 * allow to others, or to the owner of a directory of another group, is allowed inside as well. (A file whose
 * ids are not in the map can only be read.) Owned by the caller.
 */
char *ids_map_owner(uint32_t base, uint32_t disk, uint32_t inside, uint32_t owner);

/* As ids_map_container(), but an id that is not the container's is itself: files that have one can be
 * copied. Owned by the caller. */
char *ids_map_all(uint32_t base);

/* The map of what is written over the files of others (rootfs/overlay.h): what is 0 on the disk is the
 * container's root, and every id of the host has a place, since a file keeps its owner when it is copied up.
 * Owned by the caller. */
char *ids_map_layer(uint32_t base);

/* Whose a directory with @id on the disk is: it may stand for one of the container's in what belongs to
 * @user, who has the range @disk. */
uint32_t ids_owner_for(uint32_t disk, uint32_t user, uint32_t id);

/* The id on the disk that such a map has for @id of the container. */
uint32_t ids_on_disk(uint32_t disk, uint32_t inside, uint32_t owner, uint32_t id);
