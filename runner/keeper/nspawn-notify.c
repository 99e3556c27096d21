/* SPDX-License-Identifier: MIT */

#include "base/scm.h"
#include "keeper/nspawn-notify.h"

int nspawn_notify_receive(int fd, int flags, pid_t nspawn, char *buffer, size_t size) {
        _cleanup_(scm_done) ScmMessage message = {};
        int r;

        r = scm_receive(fd, flags, buffer, size - 1, &message);
        if (r < 0)
                return r;
        buffer[message.size] = '\0';
        return nspawn > 0 && message.sender == nspawn;
}
