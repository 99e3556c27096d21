/* SPDX-License-Identifier: MIT */

/* The gate: what a plain command of a container is started through.
 *
 *     gate FIFO COMMAND [ARGUMENT..]
 *
 * nspawn starts a payload some milliseconds before its network is set. A systemd guest takes longer than
 * that to its first unit; a plain command would find no address. So it waits here until the supervisor opens
 * the FIFO for writing, and is then executed in this process's place. That closes the FIFO with the byte
 * still in it that the supervisor has put there, which is how it knows that the command was executed. Linked
 * statically: it runs in whatever root file system the user has. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv) {
        int fd, error;
        char byte;

        if (argc < 3) {
                (void) fprintf(stderr, "gate: no command\n");
                return 125;
        }
        do
                fd = open(argv[1], O_RDONLY | O_CLOEXEC);
        while (fd < 0 && errno == EINTR);
        if (fd < 0) {
                (void) fprintf(stderr, "gate: open %s: %s\n", argv[1], strerror(errno));
                return 125;
        }
        (void) execvp(argv[2], argv + 2);
        error = errno;
        /* This says that it is not the execution that closes the FIFO. */
        (void) !read(fd, &byte, 1);
        (void) fprintf(stderr, "cannot execute '%s': %s\n", argv[2], strerror(error));
        return error == ENOENT ? 127 : 126;
}
