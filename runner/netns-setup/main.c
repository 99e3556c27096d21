/* SPDX-License-Identifier: MIT
 *
 * What sets the network of a container: run by its supervisor or its unit whenever the guest has (re)booted,
 * and when it has ended. It makes no decision: addresses and names are given, by flake-containers. Exit
 * status 0, or 1 with one line on stderr, or FC_EXIT_NOT_RUNNING without a word when the guest has ended:
 * its end is told by others. */

#include <fcntl.h>
#include <getopt.h>
#include <sys/file.h>

#include "base/alloc.h"
#include "net/rtnl.h"
#include "netns-setup/setup.h"

/* nspawn attaches the interface before it names the leader; this is for whoever calls earlier. */
#define INTERFACE_WAIT_USEC (5 * USEC_PER_SEC)

typedef struct Options {
        pid_t pid;
        InterfaceSettings interface;
        const char *bridge;
        const char *lock;
        const char *machine;
} Options;

static int parse_number(const char *option, const char *text, unsigned long max, unsigned long *ret,
                        Error *reterr) {
        char *end;
        unsigned long value;

        errno = 0;
        value = strtoul(text, &end, 10);
        if (errno != 0 || text[0] < '0' || text[0] > '9' || *end || value > max)
                return error_raise(reterr, FC_EXIT_USAGE, "--%s: '%s' is not a number from 0 to %lu", option,
                                   text, max);
        *ret = value;
        return 0;
}

/* "10.3.7.9/24" */
static int parse_address(const char *text, uint32_t *ret_address, uint8_t *ret_prefix, Error *reterr) {
        const char *slash = strchr(text, '/');
        _cleanup_free_ char *address = NULL;
        unsigned long prefix;
        int r;

        if (!slash)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "--address: '%s' has no prefix length, such as /24", text);
        r = parse_number("address", slash + 1, 32, &prefix, reterr);
        if (r < 0)
                return r;
        address = xstrndup(text, (size_t) (slash - text));
        r = address_from_string(address, ret_address, reterr);
        if (r < 0)
                return error_prefix(reterr, r, "--address");
        *ret_prefix = (uint8_t) prefix;
        return 0;
}

static int parse_option(char option, const char *value, Options *options, Error *reterr) {
        unsigned long number;
        int r;

        switch (option) {
        case 'p':
                r = parse_number("pid", value, INT32_MAX, &number, reterr);
                if (r >= 0)
                        options->pid = (pid_t) number;
                return r;
        case 'i':
                options->interface.name = value;
                return 0;
        case 'a':
                return parse_address(value, &options->interface.address, &options->interface.prefix, reterr);
        case 'b':
                options->bridge = value;
                return 0;
        case 'l':
                options->lock = value;
                return 0;
        case 'm':
                options->machine = value;
                return 0;
        default:
                return error_raise(reterr, FC_EXIT_USAGE, "unknown option, or an option without its value");
        }
}

static int parse_options(int argc, char *argv[], Options *ret, Error *reterr) {
        static const struct option table[] = {
                {"pid", required_argument, NULL, 'p'},
                {"interface", required_argument, NULL, 'i'},
                {"address", required_argument, NULL, 'a'},
                {"bridge", required_argument, NULL, 'b'},
                {"lock", required_argument, NULL, 'l'},
                {"machine", required_argument, NULL, 'm'},
                {0},
        };
        Options options = {0};
        int c, r;

        opterr = 0;
        while ((c = getopt_long(argc, argv, "", table, NULL)) >= 0) {
                r = parse_option((char) c, optarg, &options, reterr);
                if (r < 0)
                        return r;
        }
        if (optind < argc)
                return error_raise(reterr, FC_EXIT_USAGE, "unexpected argument '%s'", argv[optind]);
        *ret = options;
        return 0;
}

static int run_setup(const Options *options, Error *reterr) {
        if (options->pid == 0 || !options->interface.name || options->interface.address == 0)
                return error_raise(reterr, FC_EXIT_USAGE, "setup needs --pid, --interface and --address");
        return netns_setup(options->pid, &options->interface, INTERFACE_WAIT_USEC, reterr);
}

static int run_loopback(const Options *options, Error *reterr) {
        if (options->pid == 0)
                return error_raise(reterr, FC_EXIT_USAGE, "loopback needs --pid");
        return netns_loopback(options->pid, reterr);
}

static int run_release(const Options *options, Error *reterr) {
        _cleanup_close_ int lock = -EBADF;
        int r;

        if (!options->bridge || !options->lock)
                return error_raise(reterr, FC_EXIT_USAGE, "release needs --bridge and --lock");
        lock = open(options->lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (lock < 0)
                return error_set(reterr, errno, "open lock file '%s'", options->lock);
        /* Everybody who needs the bridge holds a shared lock. */
        if (flock(lock, LOCK_EX | LOCK_NB) < 0)
                return errno == EWOULDBLOCK ? 0 : error_set(reterr, errno, "lock '%s'", options->lock);
        if (options->machine) {
                r = bridge_port_remove(options->machine, reterr);
                if (r < 0)
                        return r;
        }
        return bridge_release(options->bridge, NULL, reterr);
}

/* The bridge of a container that starts again, whose end may have removed it. The lock is held. */
static int run_ensure(const Options *options, Error *reterr) {
        Subnet subnet = {options->interface.address, options->interface.prefix};
        int r;

        if (!options->bridge || subnet.network == 0 || subnet.prefix == 0)
                return error_raise(reterr, FC_EXIT_USAGE, "ensure needs --bridge and --address");
        subnet.network &= ~UINT32_C(0) << (32 - subnet.prefix);
        r = bridge_ensure(options->bridge, &subnet, reterr);
        return r < 0 || !options->machine ? r : bridge_port_remove(options->machine, reterr);
}

static const struct {
        const char *name;
        int (*run)(const Options *options, Error *reterr);
} verbs[] = {
        {"setup", run_setup},       /* --pid PID --interface NAME --address A/PREFIX */
        {"loopback", run_loopback}, /* --pid PID */
        {"ensure", run_ensure},     /* --bridge NAME --address A/PREFIX [--machine NAME] */
        {"release", run_release},   /* --bridge NAME --lock PATH [--machine NAME] */
};

static int run(int argc, char *argv[], Error *reterr) {
        Options options;
        int r;

        for (size_t i = 0; argc > 1 && i < ELEMENTSOF(verbs); i++) {
                if (!streq(argv[1], verbs[i].name))
                        continue;
                r = parse_options(argc - 1, argv + 1, &options, reterr);
                return r < 0 ? r : verbs[i].run(&options, reterr);
        }
        return error_raise(reterr, FC_EXIT_USAGE, "which of setup, loopback, ensure, release?");
}

int main(int argc, char *argv[]) {
        _cleanup_(error_done) Error error = ERROR_NULL;

        if (run(argc, argv, &error) >= 0)
                return EXIT_SUCCESS;
        if (error.exit == FC_EXIT_NOT_RUNNING)
                return FC_EXIT_NOT_RUNNING;
        (void) fprintf(stderr, "flake-containers-netns: %s\n", error.message);
        return EXIT_FAILURE;
}
