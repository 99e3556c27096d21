/* SPDX-License-Identifier: MIT */

#include <signal.h>
#include <sys/wait.h>

#include "keeper/proxy-program.h"
#include "base/alloc.h"
#include "base/process.h"
#include "keeper/service-proxies.h"

/* One that cannot start leaves its connection in the backlog, and the socket readable. */
#define RETRY_USEC USEC_PER_SEC

typedef struct Proxy {
        const KeeperPort *port;
        pid_t pid; /* 0: none runs */
        int pidfd;
        uint64_t retry_usec; /* CLOCK_MONOTONIC: not before */
} Proxy;

struct Proxies {
        const ServiceOptions *options;
        int leader_fd;
        Proxy *proxies; /* one a port */
};

Proxies *proxies_new(const ServiceOptions *o, int leader_fd) {
        Proxies *p = xmalloc0(sizeof(*p));

        p->options = o;
        p->leader_fd = leader_fd;
        p->proxies = xnew0(Proxy, o->keeper.ports.n);
        for (size_t i = 0; i < o->keeper.ports.n; i++)
                p->proxies[i] = (Proxy){.port = &o->keeper.ports.ports[i], .pidfd = -EBADF};
        return p;
}

size_t proxies_count(const Proxies *p) {
        return p->options->keeper.ports.n * 2;
}

size_t proxies_prepare(Proxies *p, struct pollfd *fds, int *ret_timeout_ms) {
        uint64_t now = now_usec();
        size_t n = 0;

        *ret_timeout_ms = -1;
        for (size_t i = 0; i < p->options->keeper.ports.n; i++) {
                const Proxy *proxy = &p->proxies[i];

                if (proxy->pid > 0)
                        fds[n++] = (struct pollfd){.fd = proxy->pidfd, .events = POLLIN};
                else if (now < proxy->retry_usec)
                        *ret_timeout_ms = (int) (RETRY_USEC / USEC_PER_MSEC);
                else
                        for (size_t k = 0; k < keeper_port_sockets(proxy->port); k++)
                                fds[n++] = (struct pollfd){.fd = proxy->port->fds[k], .events = POLLIN};
        }
        return n;
}

static void start(const Proxies *p, Proxy *proxy) {
        proxy->pid = proxy_program_start(&p->options->keeper, proxy->port, p->leader_fd);
        proxy->pidfd = proxy->pid > 0 ? process_open(proxy->pid) : -EBADF;
        if (proxy->pidfd < 0) {
                proxy->pid = 0;
                proxy->retry_usec = now_usec() + RETRY_USEC;
        }
}

static void reap(Proxy *proxy) {
        int status = 0;

        (void) waitpid(proxy->pid, &status, 0);
        proxy->pid = 0;
        proxy->pidfd = safe_close(proxy->pidfd);
        if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
                proxy->retry_usec = now_usec() + RETRY_USEC;
}

static bool has_socket(const Proxy *proxy, int fd) {
        for (size_t k = 0; k < keeper_port_sockets(proxy->port); k++)
                if (proxy->port->fds[k] == fd)
                        return true;
        return false;
}

void proxies_dispatch(Proxies *p, const struct pollfd *fds, size_t n) {
        for (size_t j = 0; j < n; j++)
                for (size_t i = 0; fds[j].revents != 0 && i < p->options->keeper.ports.n; i++) {
                        Proxy *proxy = &p->proxies[i];

                        if (proxy->pid > 0 && proxy->pidfd == fds[j].fd)
                                reap(proxy);
                        else if (proxy->pid == 0 && has_socket(proxy, fds[j].fd))
                                start(p, proxy);
                        else
                                continue;
                        break;
                }
}

void proxies_end(Proxies *p) {
        for (size_t i = 0; i < p->options->keeper.ports.n; i++)
                if (p->proxies[i].pid > 0)
                        (void) process_signal(p->proxies[i].pidfd, SIGKILL);
}
