/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <unistd.h>

#include "base/handshake.h"

int handshake_tell(int fd) {
        return write(fd, "", 1) == 1 ? 0 : -errno;
}

int handshake_await(int fd) {
        char byte;
        ssize_t n;

        do
                n = read(fd, &byte, 1);
        while (n < 0 && errno == EINTR);
        /* A socket whose other end was closed with a byte unread. */
        if (n < 0 && errno == ECONNRESET)
                return 0;
        return n < 0 ? -errno : (int) n;
}
