/* SPDX-License-Identifier: MIT
 *
 * Exchanges two paths, renameat2(2) RENAME_EXCHANGE, as fast as it can, until it is killed: between any look
 * at one of them and its use there is an exchange. Says on standard output when it has begun, and once more
 * each 10000.
 *
 *     exchange PATH OTHER */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv) {
        if (argc != 3) {
                fprintf(stderr, "usage: exchange PATH OTHER\n");
                return 2;
        }
        /* A name may be missing for a moment: a command that needs it puts it back. */
        for (unsigned long n = 0;; n++) {
                if (syscall(SYS_renameat2, AT_FDCWD, argv[1], AT_FDCWD, argv[2], 2 /* RENAME_EXCHANGE */) <
                            0 &&
                    errno != ENOENT) {
                        fprintf(stderr, "exchange: %s and %s: %s\n", argv[1], argv[2], strerror(errno));
                        return 1;
                }
                if (n % 10000 == 0) {
                        printf("%lu\n", n);
                        fflush(stdout);
                }
        }
}
