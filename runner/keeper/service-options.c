/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <getopt.h>
#include <string.h>

#include "base/alloc.h"
#include "keeper/service-options.h"

/* "80:2" */
static int parse_port(ServiceOptions *o, const char *text, Error *reterr) {
        const char *colon = strchr(text, ':');
        PortOption *port;

        if (!colon || colon == text || (!streq(colon, ":1") && !streq(colon, ":2")))
                return error_raise(reterr, FC_EXIT_INTERNAL, "port '%s' has no number of sockets", text);
        port = XGROW(o->ports, o->n_ports);
        port->container = xstrndup(text, (size_t) (colon - text));
        port->n_fds = (size_t) (colon[1] - '0');
        return 0;
}

/* "5,6,7": inherited descriptors, which are closed on exec from now on. */
static int parse_fds(ServiceOptions *o, const char *text, Error *reterr) {
        for (char *end; *text; text = *end ? end + 1 : end) {
                int fd = (int) strtol(text, &end, 10);

                if (end == text || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
                        return error_raise(reterr, FC_EXIT_INTERNAL, "'%s' names no descriptor", text);
                *XGROW(o->fds, o->n_fds) = fd;
        }
        return 0;
}

int service_options_parse(int argc, char **argv, ServiceOptions *ret, Error *reterr) {
        enum {
                MACHINE = 256,
                NETNS,
                ADDRESS,
                BRIDGE,
                BRIDGE_LOCK,
                PROXY,
                PROXYD,
                RUNTIME,
                GATE,
                RESTART,
                PORT,
                NSPAWN,
                FDS
        };
        static const struct option table[] = {
                {"machine", required_argument, NULL, MACHINE},
                {"netns", required_argument, NULL, NETNS},
                {"address", required_argument, NULL, ADDRESS},
                {"bridge", required_argument, NULL, BRIDGE},
                {"bridge-lock", required_argument, NULL, BRIDGE_LOCK},
                {"proxyd", required_argument, NULL, PROXYD},
                {"proxy", required_argument, NULL, PROXY},
                {"runtime", required_argument, NULL, RUNTIME},
                {"gate", no_argument, NULL, GATE},
                {"restart", no_argument, NULL, RESTART},
                {"port", required_argument, NULL, PORT},
                {"nspawn", required_argument, NULL, NSPAWN},
                {"fds", required_argument, NULL, FDS},
                {},
        };
        ServiceOptions o = {};
        int c, r = 0;

        while (r >= 0 && (c = getopt_long(argc, argv, "+", table, NULL)) >= 0)
                switch (c) {
                case MACHINE:
                        o.machine = optarg;
                        break;
                case NETNS:
                        o.netns = optarg;
                        break;
                case ADDRESS:
                        o.address = optarg;
                        break;
                case BRIDGE:
                        o.bridge = optarg;
                        break;
                case BRIDGE_LOCK:
                        o.bridge_lock = optarg;
                        break;
                case PROXY:
                        o.proxy = optarg;
                        break;
                case PROXYD:
                        o.proxyd = optarg;
                        break;
                case RUNTIME:
                        o.runtime = optarg;
                        break;
                case GATE:
                        o.gate = true;
                        break;
                case RESTART:
                        o.restart = true;
                        break;
                case PORT:
                        r = parse_port(&o, optarg, reterr);
                        break;
                case NSPAWN:
                        o.nspawn_pid = (pid_t) strtol(optarg, NULL, 10);
                        break;
                case FDS:
                        r = parse_fds(&o, optarg, reterr);
                        break;
                default:
                        r = error_raise(reterr, FC_EXIT_INTERNAL, "unknown option");
                }
        o.nspawn = argv + optind;
        if (r >= 0 && (!o.machine || (o.n_ports > 0 && (!o.proxy || !o.proxyd)) ||
                       (o.bridge && (!o.bridge_lock || !o.netns))))
                r = error_raise(reterr, FC_EXIT_INTERNAL, "an option is missing");
        if (r < 0) {
                service_options_done(&o);
                return r;
        }
        *ret = o;
        return 0;
}

void service_options_done(ServiceOptions *o) {
        for (size_t i = 0; i < o->n_ports; i++)
                free(o->ports[i].container);
        free(o->ports);
        free(o->fds);
        *o = (ServiceOptions){};
}
