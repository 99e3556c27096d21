/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "keeper/proxy-program.h"
#include "base/process.h"

#define SOCKETS_MAX 2

static const char *inherit(int fd, char *text, size_t size) {
        if (fcntl(fd, F_SETFD, 0) < 0)
                _exit(EXIT_FAILURE);
        (void) snprintf(text, size, "%d", fd);
        return text;
}

pid_t proxy_program_start(const ProxyProgram *p, const char *port, const int *sockets, size_t n_sockets,
                          int leader_fd) {
        const char *argv[] = {p->proxy, p->machine, p->proxyd, NULL, port, NULL, NULL, NULL};
        char *envp[] = {NULL}, leader[16], texts[SOCKETS_MAX][16];
        pid_t pid;

        pid = fork();
        if (pid != 0)
                return pid < 0 ? -errno : pid;

        process_unblock_signals();
        argv[3] = inherit(leader_fd, leader, sizeof(leader));
        for (size_t i = 0; i < n_sockets && i < SOCKETS_MAX; i++)
                argv[5 + i] = inherit(sockets[i], texts[i], sizeof(texts[i]));
        (void) execve(p->proxy, (char *const *) argv, envp);
        _exit(EXIT_FAILURE);
}
