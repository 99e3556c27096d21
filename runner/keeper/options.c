/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <signal.h>
#include <string.h>

#include "base/alloc.h"
#include "keeper/options.h"

size_t keeper_port_sockets(const KeeperPort *port) {
        return (size_t) (port->fds[0] >= 0) + (size_t) (port->fds[1] >= 0);
}

bool keeper_port_is_udp(const KeeperPort *port) {
        return !keeper_port_is_path(port) && strstr(port->container, KEEPER_PORT_UDP);
}

bool keeper_port_is_path(const KeeperPort *port) {
        return port->container[0] == '/';
}

bool keeper_ports_have_path(const KeeperPorts *ports) {
        for (size_t i = 0; i < ports->n; i++)
                if (keeper_port_is_path(&ports->ports[i]))
                        return true;
        return false;
}

/* A number that is not a descriptor yet, or never. Return: -EBADF and no Error, as option_parse_fd(). */
static int parse_number(const char *text, const char **ret_end) {
        unsigned long number;
        char *end;

        errno = 0;
        number = strtoul(text, &end, 10);
        if (errno != 0 || text[0] < '0' || text[0] > '9' || number > INT32_MAX)
                return -EBADF;
        *ret_end = end;
        return (int) number;
}

static int keeper_port_parse(KeeperPorts *ports, const char *text,
                             int (*parse_fd)(const char *text, const char **ret_end), Error *reterr) {
        const char *colon = text[0] == '/' ? strrchr(text, ':') : strchr(text, ':'), *p = colon;
        KeeperPort port = {.fds = {-EBADF, -EBADF}};

        if (!colon || colon == text)
                return error_raise(reterr, FC_EXIT_USAGE, "port '%s' has no socket", text);
        for (size_t i = 0; i < ELEMENTSOF(port.fds) && *p == ':'; i++) {
                port.fds[i] = parse_fd(p + 1, &p);
                if (port.fds[i] < 0)
                        return error_raise(reterr, FC_EXIT_USAGE, "port '%s' names no open socket", text);
        }
        if (*p != '\0')
                return error_raise(reterr, FC_EXIT_USAGE, "port '%s' has trailing text", text);
        port.container = xstrndup(text, (size_t) (colon - text));
        *XGROW(ports->ports, ports->n) = port;
        return 0;
}

static int ports_parse(void *field, const char *value, Error *reterr) {
        return keeper_port_parse(field, value, option_parse_fd, reterr);
}

static int held_ports_parse(void *field, const char *value, Error *reterr) {
        return keeper_port_parse(field, value, parse_number, reterr);
}

static void ports_print(const void *field, const char *name, char ***argv) {
        const KeeperPorts *ports = field;

        for (size_t i = 0; i < ports->n; i++) {
                const KeeperPort *port = &ports->ports[i];

                if (port->fds[1] >= 0)
                        strv_pushf(argv, "--%s=%s:%d:%d", name, port->container, port->fds[0], port->fds[1]);
                else if (port->fds[0] >= 0)
                        strv_pushf(argv, "--%s=%s:%d", name, port->container, port->fds[0]);
        }
}

static void held_ports_done(void *field) {
        KeeperPorts *ports = field;

        for (size_t i = 0; i < ports->n; i++)
                free(ports->ports[i].container);
        free(ports->ports);
        *ports = (KeeperPorts){};
}

static void ports_done(void *field) {
        const KeeperPorts *ports = field;

        for (size_t i = 0; i < ports->n; i++)
                for (size_t k = 0; k < ELEMENTSOF(ports->ports[i].fds); k++)
                        (void) safe_close(ports->ports[i].fds[k]);
        held_ports_done(field);
}

static void ports_inherit(const void *field) {
        const KeeperPorts *ports = field;

        for (size_t i = 0; i < ports->n; i++)
                for (size_t k = 0; k < keeper_port_sockets(&ports->ports[i]); k++)
                        (void) fcntl(ports->ports[i].fds[k], F_SETFD, 0);
}

const OptionKind keeper_ports_kind = {ports_parse, ports_print, ports_done, ports_inherit};
const OptionKind keeper_held_ports_kind = {held_ports_parse, ports_print, held_ports_done, NULL};

static int signal_parse(void *field, const char *value, Error *reterr) {
        const char *end = value;
        int number = parse_number(value, &end);

        if (number <= 0 || number > SIGRTMAX || *end != '\0')
                return error_raise(reterr, FC_EXIT_USAGE, "'%s' is not the number of a signal", value);
        *(int *) field = number;
        return 0;
}

static void signal_print(const void *field, const char *name, char ***argv) {
        int number = *(const int *) field;

        if (number > 0)
                strv_pushf(argv, "--%s=%d", name, number);
}

static const OptionKind signal_kind = {.parse = signal_parse, .print = signal_print};

OptionTable keeper_options_table(KeeperOptions *o) {
        static const Option rows[] = {
                {"machine", 0, OPTION_STRING, offsetof(KeeperOptions, machine), "NAME", .required = true},
                {"container", 0, OPTION_STRING, offsetof(KeeperOptions, container), "NAME",
                 .required = true},
                {"netns", 0, OPTION_STRING, offsetof(KeeperOptions, netns), "PROGRAM"},
                {"address", 0, OPTION_STRING, offsetof(KeeperOptions, address), "ADDRESS"},
                {"mac", 0, OPTION_STRING, offsetof(KeeperOptions, mac), "ADDRESS"},
                {"attach", 0, OPTION_STRING, offsetof(KeeperOptions, attach), "NAME"},
                {"macvlan", 0, OPTION_FLAG, offsetof(KeeperOptions, macvlan), NULL},
                {"alone", 0, OPTION_FLAG, offsetof(KeeperOptions, alone), NULL},
                {"shares", 0, OPTION_FLAG, offsetof(KeeperOptions, shares), NULL},
                {"gateway", 0, OPTION_STRING, offsetof(KeeperOptions, gateway), "ADDRESS"},
                {"address6", 0, OPTION_STRING, offsetof(KeeperOptions, address6), "A/PREFIX"},
                {"gateway6", 0, OPTION_STRING, offsetof(KeeperOptions, gateway6), "ADDRESS"},
                {"bridge", 0, OPTION_STRING, offsetof(KeeperOptions, bridge), "NAME"},
                {"network", 0, OPTION_STRINGS, offsetof(KeeperOptions, networks), "BRIDGE=A/PREFIX"},
                {"bridge-lock", 0, OPTION_STRING, offsetof(KeeperOptions, bridge_lock), "PATH"},
                {"pasta", 0, OPTION_STRING, offsetof(KeeperOptions, pasta), "PROGRAM"},
                {"host-access", 0, OPTION_STRINGS, offsetof(KeeperOptions, host_access), "PORT"},
                {"proxy", 0, OPTION_STRING, offsetof(KeeperOptions, proxy), "PROGRAM"},
                {"gate", 0, OPTION_FLAG, offsetof(KeeperOptions, gate), NULL},
                {"command", 0, OPTION_FLAG, offsetof(KeeperOptions, command), NULL},
                {"notify", 0, OPTION_FLAG, offsetof(KeeperOptions, notify), NULL},
                {"restart", 0, OPTION_FLAG, offsetof(KeeperOptions, restart), NULL},
                {"stop-signal", 0, OPTION_OTHER, offsetof(KeeperOptions, stop_signal), "NUMBER",
                 .kind = &signal_kind},
                {"port", 0, OPTION_OTHER, offsetof(KeeperOptions, ports), "PORT",
                 .kind = &keeper_ports_kind},
                {"published", 0, OPTION_OTHER, offsetof(KeeperOptions, published), "PORT",
                 .kind = &keeper_ports_kind},
        };

        return (OptionTable){rows, ELEMENTSOF(rows), o};
}

int keeper_options_check_proxy(const KeeperOptions *o, Error *reterr) {
        return o->proxy ? 0 : error_raise(reterr, FC_EXIT_USAGE, "ports need '--proxy'");
}

int keeper_options_parse(char *const *argv, KeeperOptions *o, const OptionTable *own, Error *reterr) {
        OptionTable tables[] = {keeper_options_table(o), *own};
        int r;

        options_init(own);
        r = options_parse(tables, ELEMENTSOF(tables), argv, /* stop_early= */ true, &o->nspawn, reterr);
        if (r >= 0 && o->bridge && (!o->netns || !o->bridge_lock))
                r = error_raise(reterr, FC_EXIT_USAGE, "a bridge needs '--netns' and '--bridge-lock'");
        if (r >= 0 && o->attach && (!o->netns || !o->mac || o->bridge))
                r = error_raise(reterr, FC_EXIT_USAGE,
                                "'--attach' needs '--netns' and '--mac', and no bridge");
        if (r >= 0 && o->host_access && !o->netns)
                r = error_raise(reterr, FC_EXIT_USAGE, "'--host-access' needs '--netns'");
        if (r >= 0 && (o->ports.n > 0 || o->host_access))
                r = keeper_options_check_proxy(o, reterr);
        if (r < 0) {
                keeper_options_done(o);
                options_done(own);
        }
        return r;
}

void keeper_options_print(const KeeperOptions *o, const OptionTable *own, char ***argv) {
        OptionTable shared = keeper_options_table((KeeperOptions *) o);

        options_print(&shared, argv);
        options_print(own, argv);
        if (!o->nspawn)
                return;
        strv_push(argv, "--");
        strv_extend(argv, o->nspawn);
}

void keeper_options_done(KeeperOptions *o) {
        OptionTable shared = keeper_options_table(o);

        options_done(&shared);
        o->nspawn = strv_free(o->nspawn);
}
