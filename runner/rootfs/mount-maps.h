/* SPDX-License-Identifier: MIT */
#pragma once

/* Maps of ids (plan/ids.h) in the form in which mount_map_ids() takes them: user namespaces. Making one
 * takes a process, so each is made once. */

#include "base/error.h"

typedef struct MountMap {
        char *uids, *gids;
        int fd;
} MountMap;

typedef struct MountMaps {
        MountMap *maps;
        size_t n;
} MountMaps;

void mount_maps_done(MountMaps *maps);

/* Return: an fd, borrowed from @maps. */
int mount_maps_open(MountMaps *maps, const char *uids, const char *gids, Error *reterr);

/* That of ids_map_container(). */
int mount_maps_open_container(MountMaps *maps, uint32_t base, Error *reterr);
