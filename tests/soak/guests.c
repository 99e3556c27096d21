/* SPDX-License-Identifier: MIT
 *
 * How many guests use each of some root file systems, told by their PID namespaces: as payloads_on() in
 * tests/lib/live.bash, at a fraction of the cost.
 *
 *     guests ROOT..       prints a number for each, 0 for one that does not exist */
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define GUESTS_MAX 64

/* The PID namespaces that are known to have this root. */
static unsigned count(const char *root) {
        ino_t found[GUESTS_MAX];
        struct stat tree;
        struct dirent *entry;
        unsigned n = 0;
        DIR *proc;

        if (stat(root, &tree) < 0)
                return 0;
        proc = opendir("/proc");
        if (!proc) {
                perror("/proc");
                exit(2);
        }
        while ((entry = readdir(proc)) && n < GUESTS_MAX) {
                struct stat of_process, namespace;
                char path[300];
                unsigned i;

                if (!isdigit((unsigned char) entry->d_name[0]))
                        continue;
                snprintf(path, sizeof(path), "/proc/%s/root/", entry->d_name);
                if (stat(path, &of_process) < 0 || of_process.st_dev != tree.st_dev ||
                    of_process.st_ino != tree.st_ino)
                        continue;
                snprintf(path, sizeof(path), "/proc/%s/ns/pid", entry->d_name);
                if (stat(path, &namespace) < 0)
                        continue;
                for (i = 0; i < n && found[i] != namespace.st_ino; i++)
                        ;
                if (i == n)
                        found[n++] = namespace.st_ino;
        }
        closedir(proc);
        return n;
}

int main(int argc, char **argv) {
        for (int i = 1; i < argc; i++)
                printf("%u\n", count(argv[i]));
        return 0;
}
