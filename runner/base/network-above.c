/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <linux/nsfs.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include "base/network-above.h"

/* As of Linux 6.12's linux/landlock.h, which is younger than the C libraries of some hosts. */
#define LANDLOCK_VERSION      1
#define LANDLOCK_SCOPES_SINCE 6
#define SCOPE_ABSTRACT_SOCKET 1

typedef struct LandlockRules {
        uint64_t files, network, scoped;
} LandlockRules;

bool network_is_above(int ns_fd) {
        _cleanup_close_ int owner = ioctl(ns_fd, NS_GET_USERNS);

        return owner < 0 && errno == EPERM;
}

int network_above_hide_sockets(Error *reterr) {
        static const LandlockRules rules = {.scoped = SCOPE_ABSTRACT_SOCKET};
        _cleanup_close_ int ns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), fd = -EBADF;

        if (ns < 0)
                return error_set(reterr, errno, "look at the network");
        if (!network_is_above(ns) ||
            syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_VERSION) < LANDLOCK_SCOPES_SINCE)
                return 0;
        fd = (int) syscall(SYS_landlock_create_ruleset, &rules, sizeof(rules), 0);
        if (fd < 0 || syscall(SYS_landlock_restrict_self, fd, 0) < 0)
                return error_set(reterr, errno, "hide the abstract sockets of the host");
        return 1;
}
