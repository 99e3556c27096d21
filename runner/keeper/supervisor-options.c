/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <getopt.h>
#include <string.h>

#include "base/alloc.h"
#include "keeper/supervisor-options.h"

static int parse_fd(const char *text, char **ret_end, Error *reterr) {
        long fd;

        errno = 0;
        fd = strtol(text, ret_end, 10);
        if (errno != 0 || *ret_end == text || fd < 3 || fd > INT32_MAX ||
            fcntl((int) fd, F_SETFD, FD_CLOEXEC) < 0)
                return error_raise(reterr, FC_EXIT_INTERNAL, "'%s' begins with no open file descriptor",
                                   text);
        return (int) fd;
}

static int parse_whole_fd(const char *text, int *ret, Error *reterr) {
        char *end = NULL;
        int fd = parse_fd(text, &end, reterr);

        if (fd < 0)
                return fd;
        if (*end != '\0')
                return error_raise(reterr, FC_EXIT_INTERNAL, "'%s' is not a file descriptor", text);
        *ret = fd;
        return 0;
}

/* FD:NAME. @ret_name points into @text. */
static int parse_named_fd(const char *text, const char **ret_name, Error *reterr) {
        char *end = NULL;
        int fd = parse_fd(text, &end, reterr);

        if (fd < 0)
                return fd;
        if (*end != ':' || end[1] == '\0' || strchr(end + 1, '/'))
                return error_raise(reterr, FC_EXIT_INTERNAL, "'%s' has no name", text);
        *ret_name = end + 1;
        return fd;
}

static int parse_mount(SupervisorOptions *o, const char *text, Error *reterr) {
        const char *name;
        MachineMount *m;
        int fd = parse_named_fd(text, &name, reterr);

        if (fd < 0)
                return fd;
        m = XGROW(o->mounts, o->n_mounts);
        m->fd = fd;
        m->name = xstrdup(name);
        return 0;
}

static int parse_events(SupervisorOptions *o, const char *text, Error *reterr) {
        const char *name;
        int fd = parse_named_fd(text, &name, reterr);

        if (fd < 0)
                return fd;
        o->events_fd = fd;
        o->container = xstrdup(name);
        return 0;
}

static int parse_port(SupervisorOptions *o, const char *text, Error *reterr) {
        PortOption port = {.fds = {-EBADF, -EBADF}};
        const char *p = strchr(text, ':');

        if (!p)
                return error_raise(reterr, FC_EXIT_INTERNAL, "port '%s' has no socket", text);
        for (size_t i = 0; i < 2 && *p == ':'; i++) {
                char *end = NULL;
                int fd = parse_fd(p + 1, &end, reterr);

                if (fd < 0)
                        return fd;
                port.fds[i] = fd;
                p = end;
        }
        if (*p != '\0')
                return error_raise(reterr, FC_EXIT_INTERNAL, "port '%s' has trailing text", text);
        port.container = xstrndup(text, (size_t) (strchr(text, ':') - text));
        *XGROW(o->ports, o->n_ports) = port;
        return 0;
}

int supervisor_options_parse(int argc, char **argv, SupervisorOptions *ret, Error *reterr) {
        enum {
                MACHINE = 256,
                CGROUP_FD,
                CGROUP_MOUNT_FD,
                CONTROL_FD,
                CONSOLE_FD,
                STATE_FD,
                RUNTIME_FD,
                EVENTS,
                GATE,
                LOCK_FD,
                NETNS,
                ADDRESS,
                BRIDGE,
                BRIDGE_LOCK,
                COMMAND,
                RESTART,
                LIMIT,
                PROXY,
                PROXYD,
                MOUNT,
                PORT,
        };
        static const struct option long_options[] = {
                {"machine", required_argument, NULL, MACHINE},
                {"cgroup-fd", required_argument, NULL, CGROUP_FD},
                {"cgroup-mount-fd", required_argument, NULL, CGROUP_MOUNT_FD},
                {"control-fd", required_argument, NULL, CONTROL_FD},
                {"console-fd", required_argument, NULL, CONSOLE_FD},
                {"state-fd", required_argument, NULL, STATE_FD},
                {"runtime-fd", required_argument, NULL, RUNTIME_FD},
                {"events", required_argument, NULL, EVENTS},
                {"gate", no_argument, NULL, GATE},
                {"lock-fd", required_argument, NULL, LOCK_FD},
                {"netns", required_argument, NULL, NETNS},
                {"address", required_argument, NULL, ADDRESS},
                {"bridge", required_argument, NULL, BRIDGE},
                {"bridge-lock", required_argument, NULL, BRIDGE_LOCK},
                {"command", no_argument, NULL, COMMAND},
                {"limit", required_argument, NULL, LIMIT},
                {"restart", no_argument, NULL, RESTART},
                {"proxy", required_argument, NULL, PROXY},
                {"proxyd", required_argument, NULL, PROXYD},
                {"mount", required_argument, NULL, MOUNT},
                {"port", required_argument, NULL, PORT},
                {},
        };
        SupervisorOptions o = {
                .cgroup_fd = -EBADF,
                .cgroup_mount_fd = -EBADF,
                .control_fd = -EBADF,
                .console_fd = -EBADF,
                .state_fd = -EBADF,
                .runtime_fd = -EBADF,
                .events_fd = -EBADF,
                .lock_fd = -EBADF,
        };
        int c, r = 0;

        while (r >= 0 && (c = getopt_long(argc, argv, "+", long_options, NULL)) >= 0)
                switch (c) {
                case MACHINE:
                        o.machine = xstrdup(optarg);
                        break;
                case CGROUP_FD:
                        r = parse_whole_fd(optarg, &o.cgroup_fd, reterr);
                        break;
                case CGROUP_MOUNT_FD:
                        r = parse_whole_fd(optarg, &o.cgroup_mount_fd, reterr);
                        break;
                case CONTROL_FD:
                        r = parse_whole_fd(optarg, &o.control_fd, reterr);
                        break;
                case CONSOLE_FD:
                        r = parse_whole_fd(optarg, &o.console_fd, reterr);
                        break;
                case STATE_FD:
                        r = parse_whole_fd(optarg, &o.state_fd, reterr);
                        break;
                case RUNTIME_FD:
                        r = parse_whole_fd(optarg, &o.runtime_fd, reterr);
                        break;
                case EVENTS:
                        r = parse_events(&o, optarg, reterr);
                        break;
                case GATE:
                        o.gate = true;
                        break;
                case LOCK_FD:
                        r = parse_whole_fd(optarg, &o.lock_fd, reterr);
                        break;
                case NETNS:
                        o.netns = xstrdup(optarg);
                        break;
                case ADDRESS:
                        o.address = xstrdup(optarg);
                        break;
                case BRIDGE:
                        o.bridge = xstrdup(optarg);
                        break;
                case BRIDGE_LOCK:
                        o.bridge_lock = xstrdup(optarg);
                        break;
                case COMMAND:
                        o.command = true;
                        break;
                case RESTART:
                        o.restart = true;
                        break;
                case LIMIT:
                        if (!strchr(optarg, '='))
                                r = error_raise(reterr, FC_EXIT_INTERNAL, "limit '%s' has no value", optarg);
                        strv_push(&o.limits, optarg);
                        break;
                case PROXY:
                        o.proxy = xstrdup(optarg);
                        break;
                case PROXYD:
                        o.proxyd = xstrdup(optarg);
                        break;
                case MOUNT:
                        r = parse_mount(&o, optarg, reterr);
                        break;
                case PORT:
                        r = parse_port(&o, optarg, reterr);
                        break;
                default:
                        r = error_raise(reterr, FC_EXIT_INTERNAL, "unknown option");
                }
        for (int i = optind; r >= 0 && i < argc; i++)
                strv_push(&o.nspawn, argv[i]);
        if (r >= 0 && (!o.machine || o.cgroup_fd < 0 || o.cgroup_mount_fd < 0 || o.console_fd < 0 ||
                       o.state_fd < 0 || o.runtime_fd < 0 || !o.nspawn ||
                       (o.n_ports > 0 && (!o.proxy || !o.proxyd)) || (o.bridge && !o.bridge_lock)))
                r = error_raise(reterr, FC_EXIT_INTERNAL, "an option is missing");
        if (r < 0) {
                supervisor_options_done(&o);
                return r;
        }
        *ret = o;
        return 0;
}

void supervisor_options_done(SupervisorOptions *o) {
        free(o->machine);
        free(o->container);
        free(o->netns);
        free(o->address);
        free(o->bridge);
        free(o->bridge_lock);
        free(o->proxy);
        free(o->proxyd);
        for (size_t i = 0; i < o->n_mounts; i++) {
                (void) safe_close(o->mounts[i].fd);
                free(o->mounts[i].name);
        }
        free(o->mounts);
        for (size_t i = 0; i < o->n_ports; i++) {
                (void) safe_close(o->ports[i].fds[0]);
                (void) safe_close(o->ports[i].fds[1]);
                free(o->ports[i].container);
        }
        free(o->ports);
        strv_free(o->limits);
        strv_free(o->nspawn);
        (void) safe_close(o->cgroup_fd);
        (void) safe_close(o->cgroup_mount_fd);
        (void) safe_close(o->control_fd);
        (void) safe_close(o->console_fd);
        (void) safe_close(o->state_fd);
        (void) safe_close(o->runtime_fd);
        (void) safe_close(o->events_fd);
        (void) safe_close(o->lock_fd);
        *o = (SupervisorOptions){};
}
