/* SPDX-License-Identifier: MIT
 *
 * The deeds of a hostile guest. Static, so that it runs in any root. It goes on until it is ended.
 *
 *     hostile lease FILE..     holds a write lease on each (fcntl(2), F_SETLEASE), which delays any
 *                              process that opens it
 *     hostile deep DIR N       N directories in each other
 *     hostile line MEGABYTES   so much to its standard output, without a line end
 *     hostile lines MEGABYTES  the same, in lines of one byte
 *     hostile forks            as many processes as it can have, again and again
 *     hostile held DIR         deletes what it has opened in DIR and keeps it */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Not asked to give a lease back by a signal that ends it. */
static void hold(char **files) {
        signal(SIGIO, SIG_IGN);
        for (; *files; files++) {
                int fd = open(*files, O_RDWR | O_CREAT, 0644);

                if (fd < 0 || fcntl(fd, F_SETLEASE, F_WRLCK) < 0)
                        fprintf(stderr, "hostile: lease %s: %s\n", *files, strerror(errno));
        }
}

static void dig(const char *top, long n) {
        if (chdir(top) < 0)
                perror(top);
        while (n-- > 0)
                if (mkdir("d", 0755) < 0 || chdir("d") < 0) {
                        perror("hostile: deep");
                        return;
                }
}

static void flood(long megabytes, const char *text, size_t size) {
        static char block[1 << 20];

        for (size_t i = 0; i < sizeof(block); i++)
                block[i] = text[i % size];
        while (megabytes-- > 0)
                for (size_t done = 0; done < sizeof(block);) {
                        ssize_t n = write(STDOUT_FILENO, block + done, sizeof(block) - done);

                        if (n < 0 && errno != EINTR)
                                return;
                        done += n > 0 ? (size_t) n : 0;
                }
}

static void fork_on(void) {
        for (;;)
                if (fork() < 0)
                        usleep(1000);
}

static void keep(const char *dir) {
        if (chdir(dir) < 0)
                perror(dir);
        for (int i = 0; i < 100; i++) {
                char name[32];

                snprintf(name, sizeof(name), "held-%d", i);
                if (open(name, O_RDWR | O_CREAT, 0600) < 0 || unlink(name) < 0)
                        perror("hostile: held");
        }
}

int main(int argc, char **argv) {
        const char *what = argc > 1 ? argv[1] : "";

        /* What it has done is seen by this, when the file system can take it. */
        if (strcmp(what, "lease") == 0)
                hold(argv + 2);
        else if (strcmp(what, "deep") == 0 && argc == 4)
                dig(argv[2], atol(argv[3]));
        else if (strcmp(what, "line") == 0 && argc == 3)
                flood(atol(argv[2]), "x", 1);
        else if (strcmp(what, "lines") == 0 && argc == 3)
                flood(atol(argv[2]), "x\n", 2);
        else if (strcmp(what, "held") == 0 && argc == 3)
                keep(argv[2]);
        else if (strcmp(what, "forks") != 0) {
                fprintf(stderr, "usage: hostile lease|deep|line|lines|forks|held ..\n");
                return 2;
        }
        close(open("/hostile-done", O_WRONLY | O_CREAT, 0644));
        if (strcmp(what, "forks") == 0)
                fork_on();
        for (;;)
                pause();
}
