/* SPDX-License-Identifier: MIT */

#include <signal.h>
#include <sys/epoll.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "keeper/proxies.h"
#include "keeper/proxy-program.h"

/* One that cannot start leaves its connection in the backlog, and the socket readable. */
#define RETRY_USEC USEC_PER_SEC

typedef struct Proxy {
        Proxies *all;
        const KeeperPort *port;
        sd_event_source *sources[2];
        sd_event_source *retry; /* set: it could not start a moment ago */
        pid_t pid;              /* 0: none runs */
} Proxy;

struct Proxies {
        const KeeperOptions *options;
        sd_event *event;
        int leader_fd; /* -EBADF: no connection is accepted */
        Proxy *proxies;
        size_t n; /* one a port */
};

static void proxy_listen(Proxy *p) {
        bool on = p->all->leader_fd >= 0 && p->pid == 0 && !p->retry;

        for (size_t i = 0; i < ELEMENTSOF(p->sources); i++)
                if (p->sources[i])
                        (void) sd_event_source_set_enabled(p->sources[i], on ? SD_EVENT_ON : SD_EVENT_OFF);
}

static int proxy_on_retry(sd_event_source *s, uint64_t usec, void *userdata) {
        Proxy *p = userdata;

        p->retry = sd_event_source_disable_unref(p->retry);
        proxy_listen(p);
        return 0;
}

static void proxy_pause(Proxy *p) {
        (void) sd_event_add_time_relative(p->all->event, &p->retry, CLOCK_MONOTONIC, RETRY_USEC, 1,
                                          proxy_on_retry, p);
}

static int proxy_on_connection(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        Proxy *p = userdata;
        pid_t pid = proxy_program_start(p->all->options, p->port, p->all->leader_fd);

        if (pid > 0)
                p->pid = pid;
        else
                proxy_pause(p);
        proxy_listen(p);
        return 0;
}

static int proxy_watch(Proxy *p, Error *reterr) {
        for (size_t i = 0; i < keeper_port_sockets(p->port); i++) {
                int r = sd_event_add_io(p->all->event, &p->sources[i], p->port->fds[i], EPOLLIN,
                                        proxy_on_connection, p);

                if (r < 0)
                        return error_set(reterr, r, "watch port %s", p->port->container);
                (void) sd_event_source_set_description(p->sources[i], "port");
        }
        proxy_listen(p);
        return 0;
}

int proxies_new(sd_event *event, const KeeperOptions *o, Proxies **ret, Error *reterr) {
        _cleanup_(proxies_freep) Proxies *p = xmalloc0(sizeof(*p));

        *p = (Proxies){
                .options = o,
                .event = event,
                .leader_fd = -EBADF,
                .proxies = xnew0(Proxy, o->ports.n),
        };
        while (p->n < o->ports.n) {
                Proxy *proxy = &p->proxies[p->n];
                int r;

                *proxy = (Proxy){.all = p, .port = &o->ports.ports[p->n++]};
                r = proxy_watch(proxy, reterr);
                if (r < 0)
                        return r;
        }
        *ret = TAKE_PTR(p);
        return 0;
}

Proxies *proxies_free(Proxies *p) {
        if (!p)
                return NULL;
        proxies_disable(p);
        for (size_t i = 0; i < p->n; i++) {
                sd_event_source_disable_unref(p->proxies[i].sources[0]);
                sd_event_source_disable_unref(p->proxies[i].sources[1]);
        }
        free(p->proxies);
        free(p);
        return NULL;
}

void proxies_enable(Proxies *p, int leader_fd) {
        p->leader_fd = leader_fd;
        for (size_t i = 0; i < p->n; i++)
                proxy_listen(&p->proxies[i]);
}

void proxies_disable(Proxies *p) {
        p->leader_fd = -EBADF;
        for (size_t i = 0; i < p->n; i++) {
                Proxy *proxy = &p->proxies[i];

                proxy->retry = sd_event_source_disable_unref(proxy->retry);
                proxy_listen(proxy);
                if (proxy->pid > 0)
                        (void) kill(proxy->pid, SIGKILL);
        }
}

bool proxies_reaped(Proxies *p, pid_t pid, int status) {
        for (size_t i = 0; i < p->n; i++) {
                Proxy *proxy = &p->proxies[i];

                if (proxy->pid != pid)
                        continue;
                proxy->pid = 0;
                if (p->leader_fd >= 0 && WIFEXITED(status) && WEXITSTATUS(status) != 0)
                        proxy_pause(proxy);
                proxy_listen(proxy);
                return true;
        }
        return false;
}
