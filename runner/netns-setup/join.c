/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <sched.h>

#include "base/alloc.h"
#include "base/paths.h"
#include "netns-setup/join.h"

static int join_named(const char *name, Error *reterr) {
        _cleanup_free_ char *path = xasprintf(HOST_NETNS_DIR "/%s", name);
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);

        if (fd < 0 || setns(fd, CLONE_NEWNET) < 0)
                return error_set(reterr, errno, "join the network namespace '%s'", path);
        return 0;
}

static int join_process(Error *reterr) {
        _cleanup_close_ int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

        if (setns(STDIN_FILENO, CLONE_NEWNET) < 0)
                return errno == ESRCH ? error_raise(reterr, FC_EXIT_NOT_RUNNING,
                                                    "the container whose network it shares has ended")
                                      : error_set(reterr, errno, "join the network of another container");
        if (null < 0 || dup2(null, STDIN_FILENO) < 0)
                return error_set(reterr, errno, "open /dev/null");
        return 0;
}

int netns_join(const char *name, char **argv, Error *reterr) {
        int r = name ? join_named(name, reterr) : join_process(reterr);

        if (r < 0)
                return r;
        (void) execv(argv[0], argv);
        return error_set(reterr, errno, "execute '%s'", argv[0]);
}
