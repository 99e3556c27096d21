/* SPDX-License-Identifier: MIT */
/* PID 1 of the NixOS stand-in. It finds a root in which nothing but the store is, puts Debian's tree there
 * by links, and leaves the rest to a shell, which then can run. */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int give_up(const char *what, const char *path) {
        fprintf(stderr, "stage 2: %s %s: %s\n", what, path, strerror(errno));
        return 1;
}

int main(void) {
        static const char *const links[][2] = {
                {TREE "/usr", "/usr"},   {"usr/bin", "/bin"},   {"usr/lib", "/lib"},
                {"usr/lib64", "/lib64"}, {"usr/sbin", "/sbin"},
        };

        /* What the runner put there for NixOS, which keeps a folder there. */
        if (rename("/usr", "/usr.before") < 0 && errno != ENOENT && errno != ENOTEMPTY)
                return give_up("rename", "/usr");

        for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
                const char *target = links[i][0], *path = links[i][1];

                /* The last start's, or an empty folder. */
                if (unlink(path) < 0 && errno == EISDIR)
                        (void) rmdir(path);
                if (symlink(target, path) < 0)
                        return give_up("link", path);
        }

        execl("/bin/sh", "sh", ACTIVATE, TREE, (char *) NULL);
        return give_up("execute", "/bin/sh");
}
