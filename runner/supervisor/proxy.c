/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/alloc.h"
#include "base/process.h"
#include "supervisor/proxy.h"

#define NOBODY 65534

/* Long enough for a person who clicks through pages, short enough not to keep 7 MB for a port that is not
 * used. */
#define IDLE_TIME "60s"

struct Proxy {
        const SupervisorOptions *options;
        const PortOption *port;
        sd_event_source *sources[2];
        int netns_fd;
        pid_t pid; /* 0: none runs */
};

static void listen_for_connections(Proxy *p, bool on) {
        for (size_t i = 0; i < ELEMENTSOF(p->sources); i++)
                if (p->sources[i])
                        (void) sd_event_source_set_enabled(p->sources[i], on ? SD_EVENT_ON : SD_EVENT_OFF);
}

/* sd_listen_fds(3): the sockets are 3 and 4, and LISTEN_PID is the process that execs. */
static void exec_proxyd(const Proxy *p) {
        _cleanup_free_ char *target = xasprintf("127.0.0.1:%s", p->port->container);
        char *argv[] = {(char *) p->options->proxyd, (char *) "--exit-idle-time=" IDLE_TIME, target, NULL};
        char listen_pid[32], *envp[] = {listen_pid, (char *) "LISTEN_FDS=1", NULL};
        int fds[2], n = 0;

        (void) snprintf(listen_pid, sizeof(listen_pid), "LISTEN_PID=%d", getpid());
        process_unblock_signals();

        /* Out of the way of 3 and 4 first: either may be one of the other. */
        for (size_t i = 0; i < 2; i++)
                if (p->port->fds[i] >= 0) {
                        fds[n] = fcntl(p->port->fds[i], F_DUPFD_CLOEXEC, 16);
                        if (fds[n++] < 0)
                                _exit(1);
                }
        if (setns(p->netns_fd, CLONE_NEWNET) < 0)
                _exit(1);
        for (int i = 0; i < n; i++)
                if (dup2(fds[i], 3 + i) < 0)
                        _exit(1);
        if (n == 2)
                envp[1] = (char *) "LISTEN_FDS=2";
        /* It only accepts and connects from here on. */
        if (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
            setresuid(NOBODY, NOBODY, NOBODY) < 0)
                _exit(1);
        (void) execve(argv[0], argv, envp);
        _exit(1);
}

static int on_connection(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        Proxy *p = userdata;
        pid_t pid;

        pid = fork();
        if (pid < 0)
                return 0;
        if (pid == 0)
                exec_proxyd(p);
        p->pid = pid;
        listen_for_connections(p, false);
        return 0;
}

int proxy_new(sd_event *event, const SupervisorOptions *o, const PortOption *port, Proxy **ret,
              Error *reterr) {
        Proxy *p = xmalloc0(sizeof(*p));

        p->options = o;
        p->port = port;
        p->netns_fd = -EBADF;
        for (size_t i = 0; i < 2; i++) {
                int r;

                if (port->fds[i] < 0)
                        continue;
                r = sd_event_add_io(event, &p->sources[i], port->fds[i], EPOLLIN, on_connection, p);
                if (r < 0) {
                        proxy_free(p);
                        return error_set(reterr, r, "watch port %s", port->container);
                }
                (void) sd_event_source_set_description(p->sources[i], "port");
                /* A helper that cannot start leaves its connection in the backlog, and the socket readable.
                 */
                (void) sd_event_source_set_ratelimit(p->sources[i], USEC_PER_SEC, 20);
        }
        listen_for_connections(p, false);
        *ret = p;
        return 0;
}

Proxy *proxy_free(Proxy *p) {
        if (!p)
                return NULL;
        proxy_disable(p);
        sd_event_source_disable_unref(p->sources[0]);
        sd_event_source_disable_unref(p->sources[1]);
        free(p);
        return NULL;
}

void proxy_enable(Proxy *p, int netns_fd) {
        p->netns_fd = netns_fd;
        listen_for_connections(p, p->pid == 0);
}

void proxy_disable(Proxy *p) {
        p->netns_fd = -EBADF;
        listen_for_connections(p, false);
        if (p->pid > 0)
                (void) kill(p->pid, SIGTERM);
}

bool proxy_reaped(Proxy *p, pid_t pid) {
        if (p->pid != pid)
                return false;
        p->pid = 0;
        if (p->netns_fd >= 0)
                listen_for_connections(p, true);
        return true;
}
