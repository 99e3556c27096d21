/* SPDX-License-Identifier: MIT */

/* The gate: what a plain command of a container is started through.
 *
 *     gate [--environment FILE] FIFO COMMAND [ARGUMENT..]
 *
 * nspawn starts a payload some milliseconds before its network is set. A systemd guest takes longer than
 * that to its first unit; a plain command would find no address. So it waits here until the supervisor opens
 * the FIFO for writing, and is then executed in this process's place. That closes the FIFO with the byte
 * still in it that the supervisor has put there, which is how it knows that the command was executed.
 *
 * FILE has variables for the command that are secrets, and so cannot stand in nspawn's arguments:
 * NAME=VALUE, each with a NUL at its end.
 *
 * Linked statically: it runs in whatever root file system the user has. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What is read becomes a part of the environment, so it is never freed. */
static int take_environment(const char *path) {
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        size_t size = 0;
        struct stat st;
        char *text;
        ssize_t n;

        if (fd < 0 || fstat(fd, &st) < 0)
                return -1;
        text = calloc(1, (size_t) st.st_size + 1);
        if (!text)
                return -1;
        while ((n = read(fd, text + size, (size_t) st.st_size - size)) > 0)
                size += (size_t) n;
        (void) close(fd);
        if (n < 0)
                return -1;
        for (char *p = text; p < text + size; p += strlen(p) + 1)
                if (putenv(p) != 0)
                        return -1;
        return 0;
}

int main(int argc, char **argv) {
        int fd, error;
        char byte;

        if (argc > 3 && strcmp(argv[1], "--environment") == 0) {
                if (take_environment(argv[2]) < 0) {
                        (void) fprintf(stderr, "gate: read %s: %s\n", argv[2], strerror(errno));
                        return 125;
                }
                argc -= 2;
                argv += 2;
        }
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
