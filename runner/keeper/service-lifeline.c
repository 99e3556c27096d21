/* SPDX-License-Identifier: MIT */

#include <fcntl.h>

#include "keeper/service-lifeline.h"

int lifeline_make(int *ret_nspawn_fd, int *ret_relay_fd, Error *reterr) {
        _cleanup_close_ int nspawn_fd = -EBADF, relay_fd = -EBADF;
        int pair[2];

        if (pipe2(pair, O_CLOEXEC) < 0)
                return error_set(reterr, errno, "make a pipe");
        nspawn_fd = pair[0];
        relay_fd = pair[1];
        if (fcntl(nspawn_fd, F_SETOWN, getpid()) < 0 || fcntl(nspawn_fd, F_SETFL, O_ASYNC) < 0)
                return error_set(reterr, errno, "be told of the relay's end");
        *ret_nspawn_fd = TAKE_FD(nspawn_fd);
        *ret_relay_fd = TAKE_FD(relay_fd);
        return 0;
}

/* The flag is one of the open file, which nspawn's descriptor shares. */
void lifeline_release(int nspawn_fd) {
        (void) fcntl(nspawn_fd, F_SETFL, 0);
}
