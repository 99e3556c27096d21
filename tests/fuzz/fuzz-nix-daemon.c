/* SPDX-License-Identifier: MIT */

#include <sys/socket.h>

#include "base/process.h"
#include "fuzz.h"
#include "state/nix-daemon.h"

/* What fits into a socket before it is read. */
#define SIZE_MAX_OF_SOCKET (64 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_close_ int ours = -EBADF, theirs = -EBADF;
        int pair[2], r;

        if (size > SIZE_MAX_OF_SOCKET || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
                return 0;
        ours = pair[0];
        theirs = pair[1];
        if (size > 0)
                FUZZ_CHECK(write(theirs, data, size) == (ssize_t) size);
        FUZZ_CHECK(shutdown(theirs, SHUT_WR) == 0);
        r = nix_daemon_ask_for_root(ours, now_usec() + 60 * USEC_PER_SEC, "/a/link", &error);
        FUZZ_CHECK(r >= 0 || error_is_set(&error));
        return 0;
}
