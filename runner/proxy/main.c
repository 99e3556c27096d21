/* SPDX-License-Identifier: MIT */

/* The program that a published port's proxy begins as.
 *
 * It enters the network namespace, gives up all that moving bytes between sockets does not need (confine.h,
 * filter.h), and becomes systemd-socket-proxyd(8), connected to a port of the payload's own 127.0.0.1. Only
 * keeper/proxy-program.c writes its command line (keeper/proxy-options.h). */

#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>

#include "base/alloc.h"
#include "keeper/proxy-options.h"
#include "proxy/confine.h"
#include "proxy/filter.h"

/* Long enough for a person who clicks through pages, short enough not to keep 7 MB for a port that is not
 * used. */
#define IDLE_TIME "60s"

/* sd_listen_fds(3) */
#define LISTEN_FDS_START 3

/* Moves them to 3 and 4; out of the way of these first, since either may be one of the others. */
static int place_sockets(const int *sockets, size_t n, Error *reterr) {
        int fds[2];

        for (size_t i = 0; i < n; i++) {
                fds[i] = fcntl(sockets[i], F_DUPFD_CLOEXEC, LISTEN_FDS_START + 2);
                if (fds[i] < 0)
                        return error_set(reterr, errno, "duplicate socket %d", sockets[i]);
        }
        for (size_t i = 0; i < n; i++)
                if (dup2(fds[i], LISTEN_FDS_START + (int) i) < 0)
                        return error_set(reterr, errno, "place socket %d", sockets[i]);
        /* The program that is executed must not get any other open descriptor. */
        if (close_range((unsigned) (LISTEN_FDS_START + n), UINT32_MAX, CLOSE_RANGE_CLOEXEC) < 0)
                return error_set(reterr, errno, "close other descriptors");
        return 0;
}

static int serve(const ProxyOptions *o, Error *reterr) {
        const KeeperPort *port = &o->port.ports[0];
        size_t n_sockets = keeper_port_sockets(port);
        char listen_pid[32], listen_fds[32], connections_max[64], *envp[] = {listen_pid, listen_fds, NULL};
        _cleanup_free_ char *target = xasprintf("127.0.0.1:%s", port->container);
        unsigned connections;
        int r;

        (void) snprintf(listen_pid, sizeof(listen_pid), "LISTEN_PID=%d", (int) getpid());
        (void) snprintf(listen_fds, sizeof(listen_fds), "LISTEN_FDS=%zu", n_sockets);
        if (setns(o->network_fd, CLONE_NEWNET) < 0)
                return error_set(reterr, errno, "enter the container's network");
        r = place_sockets(port->fds, n_sockets, reterr);
        if (r >= 0)
                r = confine_connections(&connections, reterr);
        if (r >= 0)
                r = confine(o->machine, reterr);
        if (r >= 0)
                r = filter_load(reterr);
        if (r < 0)
                return r;
        (void) snprintf(connections_max, sizeof(connections_max), "--connections-max=%u", connections);
        (void) execve(
                o->proxyd,
                (char *[]){o->proxyd, (char *) "--exit-idle-time=" IDLE_TIME, connections_max, target, NULL},
                envp);
        return error_set(reterr, errno, "execute '%s'", o->proxyd);
}

static int proxy_run(char **argv, Error *reterr) {
        _cleanup_strv_ char **operands = NULL;
        ProxyOptions options = {};
        OptionTable table = proxy_options_table(&options);
        int r;

        options_init(&table);
        r = options_parse(&table, 1, argv + 1, /* stop_early= */ true, &operands, reterr);
        if (r >= 0 && options.port.n != 1)
                r = error_raise(reterr, FC_EXIT_USAGE, "one '--port' is needed");
        if (r >= 0)
                r = serve(&options, reterr);
        options_done(&table);
        return r;
}

int main(int argc, char **argv) {
        _cleanup_(error_done) Error error = ERROR_NULL;

        (void) proxy_run(argv, &error);
        (void) fprintf(stderr, "flake-containers: serve a port: %s\n", error.message);
        return EXIT_FAILURE;
}
