/* SPDX-License-Identifier: MIT */

/* What lets programs of an ordinary distribution run from a store. Nix's know where their libraries are;
 * Debian's look for them in /lib, and in a root file system that begins empty there are none. As an
 * interpreter ("#!STORE/NAME/stage1", so static) or as a command: mounts STORE/NAME/usr on /usr, or, where
 * the rest of /usr is NixOS's, STORE/NAME/lib on /usr/lib; makes the links to it, and goes on with the
 * script STORE/NAME/FILE. */

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOADER "ld-linux-x86-64.so.2"

static void make_link(const char *name, const char *to) {
        char path[32];

        (void) snprintf(path, sizeof(path), "/%s", name);
        /* One that has something in it stays, and so does a link. */
        (void) rmdir(path);
        if (symlink(to, path) < 0 && errno != EEXIST)
                perror(path);
}

static int mount_all(const char *usr) {
        static const char *const links[] = {"bin", "lib", "lib64", "sbin"};

        if (mount(usr, "/usr", NULL, MS_BIND, NULL) < 0)
                return -1;
        for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
                char to[32];

                (void) snprintf(to, sizeof(to), "usr/%s", links[i]);
                make_link(links[i], to);
        }
        return 0;
}

static int mount_libraries(const char *lib) {
        (void) mkdir("/usr/lib", 0755);
        if (mount(lib, "/usr/lib", NULL, MS_BIND, NULL) < 0)
                return -1;
        make_link("lib", "usr/lib");
        /* A folder, as NixOS puts something there itself. */
        (void) mkdir("/lib64", 0755);
        if (symlink("/usr/lib/x86_64-linux-gnu/" LOADER, "/lib64/" LOADER) < 0 && errno != EEXIST)
                perror("/lib64/" LOADER);
        return 0;
}

int main(int argc, char **argv) {
        char *script, *top, *usr, *lib, *bash;
        int r;

        if (argc != 2)
                return EXIT_FAILURE;
        /* It may be reached by way of a link. */
        script = realpath(argv[1], NULL);
        top = script ? strdup(script) : NULL;
        if (!top || asprintf(&usr, "%s/usr", dirname(top)) < 0 || asprintf(&lib, "%s/lib", top) < 0 ||
            asprintf(&bash, "%s/sw/bin/bash", top) < 0)
                return EXIT_FAILURE;
        r = access(usr, F_OK) >= 0 ? mount_all(usr) : mount_libraries(lib);
        if (r < 0) {
                perror(top);
                return EXIT_FAILURE;
        }
        (void) execl("/usr/bin/bash", "bash", script, (char *) NULL);
        (void) execl(bash, "bash", script, (char *) NULL);
        perror(bash);
        return EXIT_FAILURE;
}
