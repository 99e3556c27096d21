/* SPDX-License-Identifier: MIT */

#include <fcntl.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "net/low-port.h"

#define SETTING "/proc/sys/net/ipv4/ip_unprivileged_port_start"
#define USUAL   1024

uint16_t low_port_end(void) {
        _cleanup_close_ int fd = open(SETTING, O_RDONLY | O_CLOEXEC);
        _cleanup_free_ char *text = NULL;
        unsigned first;

        if (fd < 0 || fs_read_fd(fd, SETTING, 64, &text, NULL, NULL) < 0 ||
            sscanf(text, "%5u", &first) != 1 || first > UINT16_MAX)
                return USUAL;
        return (uint16_t) first;
}

char *low_port_hint(uint16_t port) {
        return xasprintf("root lets all users have it: sysctl -w net.ipv4.ip_unprivileged_port_start=%u, "
                         "and a line in "
                         "/etc/sysctl.d/; or take another port",
                         port);
}
