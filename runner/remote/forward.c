/* SPDX-License-Identifier: MIT */

#include <arpa/inet.h>
#include <fcntl.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/json.h"
#include "remote/forward.h"
#include "spec/port.h"

#define RECORD_MAX (1024 * 1024)

/* ---- what there is ---- */

static const char *told_text(const Json *object, const char *key) {
        const Json *value = json_type(object) == JSON_OBJECT ? json_get(object, key) : NULL;

        return value && json_type(value) == JSON_STRING ? json_string(value) : NULL;
}

static const Json *told_array(const Json *object, const char *key) {
        const Json *value = json_type(object) == JSON_OBJECT ? json_get(object, key) : NULL;

        return value && json_type(value) == JSON_ARRAY ? value : NULL;
}

/* As `ssh -L` writes it; owned by the caller. NULL: it is none. */
static char *forward_text(const char *address, unsigned port) {
        _cleanup_free_ char *there = NULL;
        struct in6_addr parsed6;
        struct in_addr parsed;
        bool loopback;

        if (inet_pton(AF_INET, address, &parsed) == 1) {
                loopback = (ntohl(parsed.s_addr) >> 24) == IN_LOOPBACKNET;
                there = xstrdup(parsed.s_addr == INADDR_ANY ? "127.0.0.1" : address);
                return xasprintf("%s:%u:%s:%u", loopback ? there : "127.0.0.1", port, there, port);
        }
        if (inet_pton(AF_INET6, address, &parsed6) != 1)
                return NULL;
        return xasprintf("[::1]:%u:[%s]:%u", port, IN6_IS_ADDR_UNSPECIFIED(&parsed6) ? "::1" : address,
                         port);
}

/* The half of here; owned by the caller. */
static char *forward_here(const char *spec) {
        const char *colon = strchr(spec[0] == '[' ? strchr(spec, ']') : spec, ':');

        return xstrndup(spec, (size_t) (strchr(colon + 1, ':') - spec));
}

/* From here on a port is no other program's by custom. */
#define FREE_MIN 1024

static bool address_is_of(const Port *port, bool fresh, const char *address) {
        const char *addresses[PORT_ADDRESSES_MAX];
        size_t n = port_addresses(port, addresses);

        if (fresh)
                return streq(address, "127.0.0.1");
        for (size_t i = 0; i < n; i++)
                if (streq(addresses[i], address))
                        return true;
        return false;
}

/* Is this the first number that is told of it? */
static bool port_choose(const ContainerSpec *c, size_t i, const char *address, ForwardPorts *ports) {
        _cleanup_free_ char *what = xasprintf("%s %zu %s", c->name, i, address);

        if (strv_contains(ports->chosen, what))
                return false;
        strv_push_take(&ports->chosen, TAKE_PTR(what));
        return true;
}

static bool port_is_ours(const ContainerSpec *c, bool fresh, const char *address, uint64_t number,
                         uint64_t inside, ForwardPorts *ports) {
        for (size_t i = 0; c && i < c->n_ports; i++) {
                const Port *port = &c->ports[i];
                bool any = fresh || port->host == 0;

                if (port->udp || port->container != inside || !address_is_of(port, fresh, address))
                        continue;
                if (any ? number >= FREE_MIN && port_choose(c, i, address, ports) : port->host == number)
                        return true;
        }
        return false;
}

/* @c: NULL: there is no such container here */
static int port_add(const ContainerSpec *c, bool fresh, const Json *port, ForwardPorts *ret, Error *reterr) {
        const char *address = told_text(port, "address"), *protocol = told_text(port, "protocol");
        const Json *host = json_type(port) == JSON_OBJECT ? json_get(port, "host") : NULL;
        _cleanup_free_ char *spec = NULL;
        const Json *container = json_type(port) == JSON_OBJECT ? json_get(port, "container") : NULL;
        uint64_t number = 0, inside = 0;
        char ***to;

        if ((host && json_uint(host, "host", 1, UINT16_MAX, &number, reterr) < 0) ||
            (container && json_uint(container, "container", 1, UINT16_MAX, &inside, reterr) < 0))
                return -EINVAL;
        spec = address && number > 0 ? forward_text(address, (unsigned) number) : NULL;
        if (!spec || !protocol)
                return error_raise(reterr, FC_EXIT_INTERNAL,
                                   "the other machine tells of a port that is none");
        if (!streq(protocol, "tcp")) {
                strv_pushf(&ret->left, "%u/%s", (unsigned) number, protocol);
                return 0;
        }
        if (strv_contains(ret->ours, spec))
                return 0;
        to = port_is_ours(c, fresh, address, number, inside, ret) ? &ret->ours : &ret->strange;
        if (!strv_contains(*to, spec))
                strv_push_take(to, TAKE_PTR(spec));
        return 0;
}

void forward_ports_done(ForwardPorts *ports) {
        strv_free(ports->ours);
        strv_free(ports->strange);
        strv_free(ports->left);
        strv_free(ports->chosen);
        *ports = (ForwardPorts){0};
}

int forward_read(const Spec *spec, bool fresh, const char *status, size_t size, ForwardPorts *ret,
                 Error *reterr) {
        _cleanup_(json_freep) Json *document = NULL;
        const Json *containers;
        int r = json_parse(status, size, "status of the other machine", &document, reterr);

        if (r < 0)
                return r;
        containers = told_array(document, "containers");
        if (!containers)
                return error_raise(reterr, FC_EXIT_INTERNAL, "the other machine tells of no containers");
        JSON_FOREACH (container, containers) {
                const Json *running =
                        json_type(container) == JSON_OBJECT ? json_get(container, "running") : NULL;
                const Json *ports = told_array(container, "ports");
                const char *name = told_text(container, "name");

                if (!ports || !running || json_type(running) != JSON_BOOL || !json_bool(running))
                        continue;
                JSON_FOREACH (port, ports) {
                        r = port_add(spec && name ? spec_find(spec, name) : NULL, fresh, port, ret, reterr);
                        if (r < 0)
                                return r;
                }
        }
        return 0;
}

void forward_say_left(Progress *progress, const ForwardPorts *ports) {
        STRV_FOREACH (port, ports->left) {
                _cleanup_free_ char *text = xasprintf("port %s cannot come back over ssh, ignoring", *port);

                progress_note(progress, text);
        }
        STRV_FOREACH (port, ports->strange) {
                _cleanup_free_ char *here = forward_here(*port),
                                    *text = xasprintf("port %s is not opened here: the other machine names "
                                                      "it, and the specification does not, ignoring",
                                                      here);

                progress_note(progress, text);
        }
}

/* ---- what is carried ---- */

static int carried_read(const Master *master, char ***ret, Error *reterr) {
        _cleanup_free_ char *name = master_file(master, "ports"), *text = NULL;
        _cleanup_close_ int fd = -EBADF;
        char *rest, *line;
        int r = fs_open_file_beneath_optional(master->dir_fd, name, &fd, reterr);

        if (r < 0 || fd < 0)
                return r;
        r = fs_read_fd(fd, name, RECORD_MAX, &text, NULL, reterr);
        if (r < 0)
                return r;
        rest = text;
        while ((line = strsep(&rest, "\n")))
                if (line[0] != '\0')
                        strv_push(ret, line);
        return 0;
}

static int carried_write(const Master *master, char *const *specs, Error *reterr) {
        _cleanup_free_ char *name = master_file(master, "ports"), *text = strv_join(specs, "\n");

        return fs_write_fleeting(master->dir_fd, name, text ? text : "", text ? strlen(text) : 0, 0600,
                                 reterr);
}

/* Of ours, what an earlier command has taken for its own. */
static void keep_carried(ForwardPorts *ports, char *const *carried) {
        _cleanup_strv_ char **strange = ports->strange;

        ports->strange = NULL;
        STRV_FOREACH (spec, strange)
                strv_push(strv_contains(carried, *spec) ? &ports->ours : &ports->strange, *spec);
}

/* One of IPv6 is there beside one of IPv4, and this machine may have none. */
static int forward_one(const Master *master, const char *spec, Error *reterr) {
        _cleanup_free_ char *why = NULL, *here = forward_here(spec);

        if (master_forward(master, spec, /* cancel= */ false, &why) || spec[0] == '[')
                return 0;
        (void) error_raise(reterr, FC_EXIT_CONFLICT, "%s is not free on this machine for the port of '%s'",
                           here, master->destination->host);
        if (why && why[0] != '\0')
                error_add_evidence(reterr, "%.*s", (int) strcspn(why, "\n\r"), why);
        /* ssh does not tell which of the two it is. */
        if (geteuid() != 0 && strtoul(strchr(here, ':') + 1, NULL, 10) < 1024)
                error_add_hint(reterr, "a port below 1024 may be root's alone here, also one that is free");
        error_add_hint(reterr,
                       "the container runs there; give it another port, or free this one and run 'up' "
                       "again");
        return -EBUSY;
}

int forward_set(const Master *master, ForwardPorts *ports, Error *reterr) {
        _cleanup_strv_ char **carried = NULL, **either = NULL;
        int r = carried_read(master, &carried, reterr), first = 0;
        char *const *wanted;

        if (r < 0)
                return r;
        keep_carried(ports, carried);
        wanted = ports->ours;
        either = strv_copy(wanted);
        /* Before and after: killed in between, a later command knows of all that may be carried. */
        STRV_FOREACH (spec, carried)
                if (!strv_contains(wanted, *spec))
                        strv_push(&either, *spec);
        r = carried_write(master, either, reterr);
        if (r < 0)
                return r;
        for (size_t i = strv_length(wanted); either && either[i]; i++)
                (void) master_forward(master, either[i], /* cancel= */ true, NULL);
        STRV_FOREACH (spec, wanted) {
                r = forward_one(master, *spec, first == 0 ? reterr : NULL);
                first = first < 0 ? first : r;
        }
        r = carried_write(master, wanted, first == 0 ? reterr : NULL);
        return first < 0 ? first : r;
}

int forward_add(const Master *master, ForwardPorts *ports, char ***ret_added, Error *reterr) {
        _cleanup_close_ int lock_fd = master_lock(master, "carries", reterr);
        _cleanup_strv_ char **carried = NULL;
        int r = lock_fd < 0 ? lock_fd : carried_read(master, &carried, reterr);

        keep_carried(ports, carried);
        STRV_FOREACH (spec, ports->ours) {
                if (r < 0)
                        break;
                if (strv_contains(carried, *spec))
                        continue;
                r = forward_one(master, *spec, reterr);
                if (r >= 0)
                        strv_push(ret_added, *spec);
        }
        return r;
}

void forward_drop(const Master *master, char *const *added) {
        _cleanup_close_ int lock_fd = master_lock(master, "carries", NULL);
        _cleanup_strv_ char **carried = NULL;

        if (lock_fd >= 0)
                (void) carried_read(master, &carried, NULL);
        STRV_FOREACH (spec, added)
                if (!strv_contains(carried, *spec))
                        (void) master_forward(master, *spec, /* cancel= */ true, NULL);
}
