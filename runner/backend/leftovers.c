/* SPDX-License-Identifier: MIT */

#include <fcntl.h>

#include "backend/leftovers.h"
#include "base/alloc.h"
#include "base/fs.h"

#define NSPAWN_RUN_DIR "/run/systemd/nspawn"

int nspawn_clear_leftovers(const char *machine, Error *reterr) {
        /* In this order: 252, 257, 262. */
        static const char *const parents[] = {"propagate", "unix-export", "."};
        _cleanup_close_ int fd = open(NSPAWN_RUN_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (fd < 0)
                return errno == ENOENT ? 0 : error_set(reterr, errno, "open '" NSPAWN_RUN_DIR "'");
        for (size_t i = 0; i < ELEMENTSOF(parents); i++) {
                _cleanup_free_ char *path = xasprintf("%s/%s", parents[i], machine);
                _cleanup_close_ int parent = -EBADF;
                int r;

                r = fs_open_beneath_optional(fd, parents[i], O_RDONLY | O_DIRECTORY, &parent, reterr);
                if (r < 0)
                        return r;
                if (parent < 0)
                        continue;
                r = fs_remove_tree(parent, machine, reterr);
                if (r < 0)
                        return error_prefix(reterr, r, "clear '" NSPAWN_RUN_DIR "/%s'", path);
        }
        return 0;
}
