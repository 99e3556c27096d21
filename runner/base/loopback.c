/* SPDX-License-Identifier: MIT */

#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/loopback.h"

int loopback_set_up(Error *reterr) {
        _cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};

        return fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) < 0
                       ? error_set(reterr, errno, "set the loopback interface up")
                       : 0;
}
