/* SPDX-License-Identifier: MIT
 *
 * A hostile program that wins races: it does one thing again and again, as fast as it can, until it is
 * killed.
 *
 *     racer link TARGET PATH      PATH is a symbolic link to TARGET whenever there is nothing of that name
 *     racer hard TARGET PATH      likewise a hard link
 *     racer exchange A B          the two change places */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EXCHANGE 2 /* RENAME_EXCHANGE, of which linux/fs.h and stdio.h each have one */

static int act(const char *what, const char *a, const char *b) {
        if (strcmp(what, "link") == 0)
                return symlink(a, b);
        if (strcmp(what, "hard") == 0)
                return link(a, b);
        return (int) syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, EXCHANGE);
}

int main(int argc, char **argv) {
        if (argc != 4 || (strcmp(argv[1], "link") != 0 && strcmp(argv[1], "hard") != 0 &&
                          strcmp(argv[1], "exchange") != 0)) {
                fprintf(stderr, "usage: racer link|hard|exchange A B\n");
                return 2;
        }
        for (;;)
                /* Of losing there is nothing to say. */
                (void) act(argv[1], argv[2], argv[3]);
}
