/* SPDX-License-Identifier: MIT */

/* The program that serves a container's published ports.
 *
 * It enters the container's network namespace, and its mounts where Unix sockets are published, gives up all
 * that moving bytes between sockets does not need (confine.h, filter.h), and relays connections of the
 * host's sockets (server.h). Only keeper/proxy-program.c writes its command line (keeper/proxy-options.h).
 * */

#include <malloc.h>
#include <sched.h>
#include <signal.h>

#include "base/alloc.h"
#include "proxy/confine.h"
#include "proxy/filter.h"
#include "proxy/server.h"

static int serve_ports(const ProxyOptions *o, Error *reterr) {
        _cleanup_(server_freep) Server *server = NULL;
        bool paths = keeper_ports_have_path(&o->ports);
        int r;

        /* With the mounts it gets the container's root as its own: by no link does a path lead out of it. */
        if (o->network_fd >= 0 && setns(o->network_fd, CLONE_NEWNET | (paths ? CLONE_NEWNS : 0)) < 0)
                return error_set(reterr, errno, "enter the container");
        r = server_new(o, &server, reterr);
        if (r >= 0)
                r = confine(o->machine, reterr);
        if (r < 0)
                return r;
        /* splice(2) has no flag for that. */
        (void) signal(SIGPIPE, SIG_IGN);
        r = filter_load(paths, reterr);
        if (r < 0)
                return r;
        /* Compiling the filter has taken more than connections ever will. */
        (void) malloc_trim(0);
        return server_run(server, reterr);
}

static int proxy_run(char **argv, Error *reterr) {
        _cleanup_strv_ char **operands = NULL;
        ProxyOptions options = {};
        OptionTable table = proxy_options_table(&options);
        int r;

        options_init(&table);
        r = options_parse(&table, 1, argv + 1, /* stop_early= */ true, &operands, reterr);
        if (r >= 0 && options.ports.n == 0)
                r = error_raise(reterr, FC_EXIT_USAGE, "'--port' is needed");
        if (r >= 0)
                r = serve_ports(&options, reterr);
        options_done(&table);
        return r;
}

int main(int argc, char **argv) {
        Error error = ERROR_NULL;
        int r = proxy_run(argv, &error);

        if (r < 0)
                (void) fprintf(stderr, "flake-containers: serve ports: %s\n", error.message);
        /* Nothing that belongs to the end of a program works behind the filter, or is needed. */
        _exit(r < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}
