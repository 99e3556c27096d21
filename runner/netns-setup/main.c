/* SPDX-License-Identifier: MIT
 *
 * What sets the network of a container: run by its supervisor or its unit whenever the guest has (re)booted,
 * and when it has ended. It makes no decision: addresses and names are given, by flake-containers. Exit
 * status 0, or 1 with one line on stderr, or FC_EXIT_NOT_RUNNING without a word when the guest has ended:
 * its end is told by others. */

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/file.h>

#include "base/alloc.h"
#include "base/host-socket.h"
#include "base/network6.h"
#include "keeper/netns-options.h"
#include "net/old-bridge.h"
#include "net/router.h"
#include "net/router6.h"
#include "net/uplink.h"
#include "netns-setup/internet.h"
#include "netns-setup/join.h"
#include "netns-setup/pasta.h"
#include "netns-setup/setup.h"

/* Where an older release has started the machine, nspawn has made the interface before it named the
 * leader. */
#define INTERFACE_WAIT_USEC (5 * USEC_PER_SEC)

static int parse_prefix(const char *text, uint8_t *ret, Error *reterr) {
        char *end;
        unsigned long prefix;

        errno = 0;
        prefix = strtoul(text, &end, 10);
        if (errno != 0 || text[0] < '0' || text[0] > '9' || *end || prefix > 32)
                return error_raise(reterr, FC_EXIT_USAGE, "--address: '%s' is not a number from 0 to 32",
                                   text);
        *ret = (uint8_t) prefix;
        return 0;
}

/* "10.3.7.9/24", and perhaps ",fd00:1:2:3::/64". What is not said is 0.
 * @ret_network6: NULL: not wanted */
static int parse_address(const char *text, uint32_t *ret_address, uint8_t *ret_prefix,
                         struct in6_addr *ret_network6, Error *reterr) {
        const char *slash = text ? strchr(text, '/') : NULL, *comma = slash ? strchr(slash, ',') : NULL;
        _cleanup_free_ char *address = NULL, *prefix = NULL;
        struct in6_addr network6 = {};
        int r;

        *ret_address = 0;
        *ret_prefix = 0;
        if (!text)
                return 0;
        if (!slash)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "--address: '%s' has no prefix length, such as /24", text);
        if (comma && !network6_read(comma + 1, &network6))
                return error_raise(reterr, FC_EXIT_USAGE, "--address: '%s' is not an IPv6 network",
                                   comma + 1);
        if (ret_network6)
                *ret_network6 = network6;
        prefix = comma ? xstrndup(slash + 1, (size_t) (comma - slash - 1)) : xstrdup(slash + 1);
        r = parse_prefix(prefix, ret_prefix, reterr);
        if (r < 0)
                return r;
        address = xstrndup(text, (size_t) (slash - text));
        return error_prefix(reterr, address_from_string(address, ret_address, reterr), "--address");
}

/* "02:00:00:00:00:01" */
static int parse_mac(const char *text, uint8_t ret[6], Error *reterr) {
        int end = 0;

        return sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n", &ret[0], &ret[1], &ret[2], &ret[3],
                      &ret[4], &ret[5], &end) == 6 &&
                               text[end] == '\0'
                       ? 0
                       : error_raise(reterr, FC_EXIT_USAGE, "--mac: '%s' is not a MAC address", text);
}

/* The interfaces of further networks are called like the first, with the next number. */
typedef struct Interfaces {
        InterfaceSettings *settings;
        size_t n;
        char **names; /* of both */
} Interfaces;

static void interfaces_done(Interfaces *all) {
        free(all->settings);
        strv_free(all->names);
}

/* "fc-0123456789aa=10.3.7.9/24", or further as --address. */
static int interfaces_add(Interfaces *all, const NetnsOptions *options, const char *network, Error *reterr) {
        InterfaceSettings *next = XGROW(all->settings, all->n);
        size_t length = strlen(options->interface);
        const char *equals = strchr(network, '=');

        if (!equals || length == 0)
                return error_raise(reterr, FC_EXIT_USAGE, "--network: '%s' has no address", network);
        next->machine = options->machine;
        next->ipv6 = router6_is_wanted();
        strv_push_take(&all->names, xstrndup(network, (size_t) (equals - network)));
        next->router = all->names[strv_length(all->names) - 1];
        strv_pushf(&all->names, "%.*s%zu", (int) length - 1, options->interface, all->n - 1);
        next->name = all->names[strv_length(all->names) - 1];
        return parse_address(equals + 1, &next->address, &next->prefix, &next->network6, reterr);
}

/* "fd00::20/64" and "fe80::1". None: both are zero. */
static int parse_uplink6(const NetnsOptions *options, InterfaceSettings *ret, Error *reterr) {
        const char *slash = options->address6 ? strchr(options->address6, '/') : NULL;
        _cleanup_free_ char *address =
                slash ? xstrndup(options->address6, (size_t) (slash - options->address6)) : NULL;
        int end = 0;

        if (options->address6 &&
            (!address || inet_pton(AF_INET6, address, &ret->address6) != 1 ||
             sscanf(slash, "/%3hhu%n", &ret->prefix6, &end) != 1 || slash[end] || ret->prefix6 > 128))
                return error_raise(reterr, FC_EXIT_USAGE, "--address6: '%s' is not an address with a prefix",
                                   options->address6);
        if (options->gateway6 && inet_pton(AF_INET6, options->gateway6, &ret->gateway6) != 1)
                return error_raise(reterr, FC_EXIT_USAGE, "--gateway6: '%s' is not an IPv6 address",
                                   options->gateway6);
        return 0;
}

static int check_setup_options(const NetnsOptions *options, const InterfaceSettings *first, Error *reterr) {
        if (options->pid == 0 || !first->name || (first->address == 0 && !options->attach))
                return error_raise(reterr, FC_EXIT_USAGE, "setup needs --pid, --interface and --address");
        if (options->attach && (options->bridge || !options->machine || !options->mac))
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "setup --attach needs --machine and --mac, and no --bridge");
        if (!options->attach && !first->router != !first->machine)
                return error_raise(reterr, FC_EXIT_USAGE, "setup needs --bridge and --machine, or neither");
        return 0;
}

static int run_setup(const NetnsOptions *options, Error *reterr) {
        _cleanup_(interfaces_done) Interfaces all = {};
        InterfaceSettings *first = XGROW(all.settings, all.n);
        _cleanup_(netlink_freep) Netlink *host = NULL;
        Uplink uplink = {options->attach, options->macvlan, options->alone, NULL};
        uint8_t mac[6];
        int r;

        *first = (InterfaceSettings){.name = options->interface,
                                     .router = options->bridge,
                                     .uplink = options->attach ? &uplink : NULL,
                                     .machine = options->machine,
                                     .mac = options->mac ? mac : NULL,
                                     .ipv6 = router6_is_wanted(),
                                     .internet = options->internet};
        r = parse_address(options->address, &first->address, &first->prefix, &first->network6, reterr);
        if (r >= 0 && options->mac)
                r = parse_mac(options->mac, mac, reterr);
        if (r >= 0)
                r = parse_uplink6(options, first, reterr);
        if (r >= 0 && options->gateway)
                r = error_prefix(reterr, address_from_string(options->gateway, &first->gateway, reterr),
                                 "--gateway");
        if (r < 0)
                return r;
        r = check_setup_options(options, first, reterr);
        /* Of this namespace: what follows enters the container's. */
        if (r >= 0 && options->attach)
                r = netlink_open(&host, reterr);
        if (r < 0)
                return r;
        uplink.host = host;
        STRV_FOREACH (network, options->networks)
                if (r >= 0)
                        r = interfaces_add(&all, options, *network, reterr);
        return r < 0 ? r : netns_setup(options->pid, all.settings, all.n, INTERFACE_WAIT_USEC, reterr);
}

/* Standard input is not its socket from then on: processes of another user inherit that. */
static int adopt_broker(Error *reterr) {
        _cleanup_close_ int null = open("/dev/null", O_RDWR | O_CLOEXEC);
        int fd = null < 0 ? -1 : fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);

        if (fd < 0 || dup2(null, STDIN_FILENO) < 0)
                return error_set(reterr, errno, "take the broker's socket");
        host_socket_adopt(fd);
        return 0;
}

/* Becomes the program that leads to the internet. */
static int run_internet(const NetnsOptions *options, Error *reterr) {
        InternetSettings internet = {
                .leader = options->pid, .machine = options->machine, .pasta = options->pasta};
        uint8_t prefix;
        int r;

        r = parse_address(options->address, &internet.address, &prefix, /* ret_network6= */ NULL, reterr);
        if (r < 0)
                return r;
        if (internet.leader == 0 || !internet.machine || !internet.pasta || internet.address == 0)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "internet needs --pid, --machine, --pasta and --address");
        r = options->brokered ? adopt_broker(reterr) : 0;
        return r < 0 ? r : internet_lead(&internet, reterr);
}

/* The second half of that, in the host's network. Standard input is who holds the gateway. */
static int run_pasta(const NetnsOptions *options, Error *reterr) {
        PastaSettings pasta = {.machine = options->machine, .program = options->pasta};
        uint8_t prefix;
        int r;

        r = parse_address(options->address, &pasta.address, &prefix, /* ret_network6= */ NULL, reterr);
        if (r < 0)
                return r;
        if (!pasta.machine || !pasta.program || pasta.address == 0)
                return error_raise(reterr, FC_EXIT_USAGE, "pasta needs --machine, --pasta and --address");
        return pasta_exec_inside(&pasta, STDIN_FILENO, reterr);
}

static int run_loopback(const NetnsOptions *options, Error *reterr) {
        if (options->pid == 0)
                return error_raise(reterr, FC_EXIT_USAGE, "loopback needs --pid");
        return netns_loopback(options->pid, reterr);
}

static int run_let_go(const NetnsOptions *options, Error *reterr) {
        if (options->pid == 0 || !options->interface)
                return error_raise(reterr, FC_EXIT_USAGE, "let-go needs --pid and --interface");
        return netns_let_go(options->pid, options->interface, reterr);
}

/* Standard input is where the sockets go. */
static int run_listen(const NetnsOptions *options, Error *reterr) {
        if (options->pid == 0 || !options->ports)
                return error_raise(reterr, FC_EXIT_USAGE, "listen needs --pid and --port");
        return netns_listen(options->pid, options->ports, STDIN_FILENO, reterr);
}

/* The project's other networks have the same lock. */
static int release_siblings(const char *bridge, Error *reterr) {
        _cleanup_strv_ char **others = NULL;
        int r = router_release(bridge, NULL, reterr);

        if (r >= 0)
                r = router_list_siblings(bridge, &others, reterr);
        STRV_FOREACH (other, others)
                if (r >= 0)
                        r = router_release(*other, NULL, reterr);
        return r;
}

static int run_release(const NetnsOptions *options, Error *reterr) {
        _cleanup_close_ int lock = -EBADF;
        int r;

        if (!options->bridge || !options->lock)
                return error_raise(reterr, FC_EXIT_USAGE, "release needs --bridge and --lock");
        lock = open(options->lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (lock < 0)
                return error_set(reterr, errno, "open lock file '%s'", options->lock);
        /* Each process that needs the network holds a shared lock. */
        if (flock(lock, LOCK_EX | LOCK_NB) < 0)
                return errno == EWOULDBLOCK ? 0 : error_set(reterr, errno, "lock '%s'", options->lock);
        if (options->machine && router_is_old(options->bridge)) {
                r = old_port_remove(options->machine, reterr);
                if (r < 0)
                        return r;
        }
        return release_siblings(options->bridge, reterr);
}

/* The network of a container that starts, or starts again: its end may have removed it. The lock is
 * held. */
static int run_ensure(const NetnsOptions *options, Error *reterr) {
        Subnet subnet = {};
        int r;

        r = parse_address(options->address, &subnet.network, &subnet.prefix, &subnet.network6, reterr);
        if (r < 0)
                return r;
        if (!options->bridge || subnet.network == 0 || subnet.prefix == 0)
                return error_raise(reterr, FC_EXIT_USAGE, "ensure needs --bridge and --address");
        subnet.network &= ~UINT32_C(0) << (32 - subnet.prefix);
        return router_ensure(options->bridge, &subnet, reterr);
}

/* What follows the options is the program. */
static int run_join(const NetnsOptions *options, char **program, Error *reterr) {
        if (!program || !program[0])
                return error_raise(reterr, FC_EXIT_USAGE, "join needs a program");
        return netns_join(options->namespace, program, reterr);
}

static const struct {
        const char *name;
        int (*run)(const NetnsOptions *options, Error *reterr);
} verbs[] = {
        {"join", NULL},       /* [--namespace NAME] -- PROGRAM.., or else <PIDFD */
        {"setup", run_setup}, /* --pid PID --interface NAME --address A/PREFIX [--bridge NAME --machine NAME
                                 [--mac ADDRESS] [--network NAME=A/PREFIX]..] [--internet]; --pid PID
                                 --interface NAME --attach NAME [--macvlan [--alone]] --machine NAME
                                 --mac ADDRESS [--address A/PREFIX [--gateway A] [--address6 A/PREFIX
                                 [--gateway6 A]]] */
        {"internet", run_internet}, /* --pid PID --address A/PREFIX --machine NAME --pasta PROGRAM
                                       [--brokered <SOCKET] */
        {"pasta", run_pasta},       /* --address A/PREFIX --machine NAME --pasta PROGRAM <PIDFD */
        {"loopback", run_loopback}, /* --pid PID */
        {"let-go", run_let_go},     /* --pid PID --interface NAME */
        {"listen", run_listen},     /* --pid PID --port PORT.. <SOCKET */
        {"ensure", run_ensure},     /* --bridge NAME --address A/PREFIX */
        {"release", run_release},   /* --bridge NAME --lock PATH [--machine NAME] */
};

static int netns_run_verb(size_t verb, char *argv[], Error *reterr) {
        _cleanup_strv_ char **operands = NULL;
        NetnsOptions options = {};
        OptionTable table = netns_options_table(&options);
        int r;

        r = options_parse(&table, 1, argv, /* stop_early= */ false, &operands, reterr);
        if (r >= 0 && !verbs[verb].run)
                r = run_join(&options, operands, reterr);
        else if (r >= 0 && operands && operands[0])
                r = error_raise(reterr, FC_EXIT_USAGE, "unexpected argument '%s'", operands[0]);
        else if (r >= 0)
                r = verbs[verb].run(&options, reterr);
        options_done(&table);
        return r;
}

static int netns_run(char *argv[], Error *reterr) {
        for (size_t i = 0; argv[1] && i < ELEMENTSOF(verbs); i++)
                if (streq(argv[1], verbs[i].name))
                        return netns_run_verb(i, argv + 2, reterr);
        return error_raise(
                reterr, FC_EXIT_USAGE,
                "which of setup, internet, pasta, join, loopback, let-go, listen, ensure, release?");
}

int main(int argc, char *argv[]) {
        _cleanup_(error_done) Error error = ERROR_NULL;

        if (netns_run(argv, &error) >= 0)
                return EXIT_SUCCESS;
        if (error.exit == FC_EXIT_NOT_RUNNING)
                return FC_EXIT_NOT_RUNNING;
        (void) fprintf(stderr, "flake-containers-netns: %s\n", error.message);
        return EXIT_FAILURE;
}
