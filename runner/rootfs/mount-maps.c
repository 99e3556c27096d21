/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "base/userns.h"
#include "plan/ids.h"
#include "rootfs/mount-maps.h"

void mount_maps_done(MountMaps *maps) {
        for (size_t i = 0; i < maps->n; i++) {
                free(maps->maps[i].uids);
                free(maps->maps[i].gids);
                (void) safe_close(maps->maps[i].fd);
        }
        free(maps->maps);
        *maps = (MountMaps){};
}

int mount_maps_open(MountMaps *maps, const char *uids, const char *gids, Error *reterr) {
        int fd;

        for (size_t i = 0; i < maps->n; i++)
                if (streq(maps->maps[i].uids, uids) && streq(maps->maps[i].gids, gids))
                        return maps->maps[i].fd;
        fd = userns_open(uids, gids);
        if (fd < 0)
                return error_set(reterr, fd, "make a user namespace");
        *XGROW(maps->maps, maps->n) = (MountMap){xstrdup(uids), xstrdup(gids), fd};
        return fd;
}

int mount_maps_open_container(MountMaps *maps, uint32_t base, Error *reterr) {
        _cleanup_free_ char *ids = ids_map_container(base);

        return mount_maps_open(maps, ids, ids, reterr);
}
