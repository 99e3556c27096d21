/* SPDX-License-Identifier: MIT */

/* What lets programs of an ordinary distribution run from a store. Nix's know where their libraries are;
 * Debian's look for them in /lib, and in a root file system that begins empty there are none. As an
 * interpreter
 * ("#!STORE/NAME/stage1", so static) or as a command: mounts STORE/NAME/usr on /usr, makes the links to it,
 * and goes on with the script STORE/NAME/FILE. */

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

int main(int argc, char **argv) {
        static const char *const links[] = {"bin", "lib", "lib64", "sbin"};
        char *top, *usr;

        if (argc != 2)
                return EXIT_FAILURE;
        top = strdup(argv[1]);
        if (!top || asprintf(&usr, "%s/usr", dirname(top)) < 0)
                return EXIT_FAILURE;
        if (mount(usr, "/usr", NULL, MS_BIND, NULL) < 0) {
                perror(usr);
                return EXIT_FAILURE;
        }
        for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
                char from[32], to[32];

                (void) snprintf(from, sizeof(from), "/%s", links[i]);
                (void) snprintf(to, sizeof(to), "usr/%s", links[i]);
                /* One that has something in it stays, and so does a link. */
                (void) rmdir(from);
                if (symlink(to, from) < 0 && errno != EEXIST)
                        perror(from);
        }
        (void) execl("/usr/bin/bash", "bash", argv[1], (char *) NULL);
        perror("/usr/bin/bash");
        return EXIT_FAILURE;
}
