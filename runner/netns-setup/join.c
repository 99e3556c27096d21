/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <sched.h>

#include "base/alloc.h"
#include "base/paths.h"
#include "netns-setup/join.h"

int netns_join(const char *name, char **argv, Error *reterr) {
        _cleanup_free_ char *path = xasprintf(HOST_NETNS_DIR "/%s", name);
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);

        if (fd < 0 || setns(fd, CLONE_NEWNET) < 0)
                return error_set(reterr, errno, "join the network namespace '%s'", path);
        (void) execv(argv[0], argv);
        return error_set(reterr, errno, "execute '%s'", argv[0]);
}
