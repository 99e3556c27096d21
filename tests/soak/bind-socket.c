/* SPDX-License-Identifier: MIT
 *
 * Leaves a socket at a path, which no shell can: bind-socket PATH */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Paths of sockets are short, so it is bound beside its directory. */
int main(int argc, char **argv) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        char *name = argc == 2 ? strrchr(argv[1], '/') : NULL;
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);

        if (!name || strlen(name + 1) >= sizeof(address.sun_path))
                return 2;
        strcpy(address.sun_path, name + 1);
        *name = '\0';
        if (fd < 0 || chdir(argv[1]) < 0 || bind(fd, (struct sockaddr *) &address, sizeof(address)) < 0) {
                perror("bind-socket");
                return 1;
        }
        return 0;
}
