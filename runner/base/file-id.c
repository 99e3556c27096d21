/* SPDX-License-Identifier: MIT */

#include <assert.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "base/alloc.h"
#include "base/file-id.h"

char *file_id_text(int fd) {
        uint64_t place = 0;
        struct statfs fs;
        struct statx stx;
        struct stat st;

        if (fstat(fd, &st) < 0 || fstatfs(fd, &fs) < 0 ||
            statx(fd, "", AT_EMPTY_PATH, STATX_BTIME, &stx) < 0)
                return NULL;
        static_assert(sizeof(fs.f_fsid) == sizeof(place), "as the kernel has it");
        memcpy(&place, &fs.f_fsid, sizeof(place));
        return xasprintf("%s%jx-%jx-%jx", place ? "" : "d", (uintmax_t) (place ? place : st.st_dev),
                         (uintmax_t) st.st_ino,
                         stx.stx_mask & STATX_BTIME
                                 ? (uintmax_t) stx.stx_btime.tv_sec * 1000000000 + stx.stx_btime.tv_nsec
                                 : 0);
}
