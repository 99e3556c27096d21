/* SPDX-License-Identifier: MIT */

/* What of a service is reached from elsewhere: ports, and networks. */

#include <string.h>

#include "base/alloc.h"
#include "import/service.h"

/* ---- ports ---- */

/* @host: NULL or "": a free one. */
static void add_port(Service *s, const char *address, const char *host, const char *container,
                     const char *protocol, const char *place) {
        static const char wider[] =
                "ports are published on localhost, where compose publishes on all addresses: "
                "\"0.0.0.0:8080:80\" does so here";
        bool ipv6 = address && strchr(address, ':') && *address != '[';
        _cleanup_free_ char *port = NULL;

        if (host && strchr(host, '-') && !strchr(container, '-')) {
                draft_note(&s->container->notes, place,
                           "one port of several of the host is a free one here");
                host = NULL;
        }
        if (!address && !strv_contains(s->draft->notes, wider))
                strv_push(&s->draft->notes, wider);
        port = xasprintf("%s%s%s%s%s:%s%s%s", ipv6 ? "[" : "", address ? address : "", ipv6 ? "]" : "",
                         address ? ":" : "", host && *host ? host : "auto", container, protocol ? "/" : "",
                         protocol ? protocol : "");
        draft_append(s->container, "ports", json_new_string(port), place);
}

/* [[ADDRESS:]HOST:]CONTAINER[/PROTOCOL] */
static void take_short_port(Service *s, const char *text, const char *place) {
        _cleanup_free_ char *copy = xstrdup(text);
        char *protocol = strchr(copy, '/'), *container = NULL, *host = NULL, *address = NULL, *colon;

        if (protocol)
                *protocol++ = '\0';
        if (protocol && streq(protocol, "tcp"))
                protocol = NULL;
        colon = strrchr(copy, ':');
        container = colon ? colon + 1 : copy;
        if (colon) {
                *colon = '\0';
                colon = strrchr(copy, ':');
                host = colon ? colon + 1 : copy;
                if (colon) {
                        *colon = '\0';
                        address = copy;
                }
        }
        add_port(s, address, host, container, protocol, place);
}

static void take_long_port(Service *s, const Json *port, const char *place) {
        static const char *const known[] = {"target", "published", "host_ip", "protocol", "mode", "name"};
        const char *target = tree_text(tree_get(port, "target"));

        if (!target) {
                draft_note(&s->container->notes, place, "not carried over: it has no 'target'");
                return;
        }
        JSON_FOREACH (member, port) {
                size_t i = 0;

                while (i < ELEMENTSOF(known) && !streq(known[i], json_key(member)))
                        i++;
                if (i == ELEMENTSOF(known))
                        draft_note(&s->container->notes, place,
                                   "'%s' is not carried over: it has no effect here", json_key(member));
        }
        add_port(s, tree_text(tree_get(port, "host_ip")), tree_text(tree_get(port, "published")), target,
                 tree_text(tree_get(port, "protocol")), place);
}

static void carry_port(Service *s, const char *name, const Json *port, const char *place) {
        if (tree_text(port))
                take_short_port(s, tree_text(port), place);
        else
                take_long_port(s, port, place);
}

void service_carry_ports(Service *s) {
        if (s->host_network && service_get(s, "ports"))
                service_note(s, "ports",
                             "not carried over: without a network of its own it publishes nothing");
        else
                service_each(s, "ports", carry_port);
}

/* ---- networks ---- */

static void take_network(Service *s, Json *network, Json *names, const char *name, const Json *details) {
        _cleanup_free_ char *ours = tidy_name(name);
        const char *address = tree_text(tree_get(details, "ipv4_address")),
                   *mac = tree_text(tree_get(details, "mac_address"));

        if (!ours)
                service_note(s, "networks", "'%s' is not carried over: it cannot be a name", name);
        else
                json_append_string(names, ours);
        if (json_length(names) == 1) {
                json_add_string(network, "address", address);
                json_add_string(network, "mac", mac);
        } else if (address || mac)
                service_note(
                        s, "networks",
                        "the address in '%s' is not carried over: one is given for the first network only",
                        name);
        if (!details || json_type(details) != JSON_OBJECT)
                return;
        JSON_FOREACH (member, details)
                if (streq(json_key(member), "aliases"))
                        service_note(s, "networks",
                                     "aliases are not carried over: the others find it as '%s'",
                                     s->container->name);
                else if (!streq(json_key(member), "ipv4_address") && !streq(json_key(member), "mac_address"))
                        service_note(s, "networks",
                                     "'%s' of '%s' is not carried over: a network here has no such thing",
                                     json_key(member), name);
}

static void take_networks(Service *s, const Json *networks, Json *network, Json *names) {
        JSON_FOREACH (item, networks) {
                const char *name = json_type(networks) == JSON_OBJECT ? json_key(item) : tree_text(item);

                if (name)
                        take_network(s, network, names, name, item);
                else
                        service_note(s, "networks", "an item is not a name, and left out");
        }
}

static void carry_mode(Service *s, Json *network, const char *mode) {
        if (streq(mode, "host") || streq(mode, "none")) {
                json_add_string(network, "mode", mode);
                s->host_network = true;
        } else if (startswith(mode, "service:"))
                service_note(s, "network_mode",
                             "'%s' is not carried over: network.mode = \"container\" with network.container "
                             "shares another one's, and ports are said there",
                             mode);
        else if (!streq(mode, "bridge") && !streq(mode, "default"))
                service_note(s, "network_mode", "'%s' is not carried over: it is not of this project", mode);
}

void service_carry_network(Service *s) {
        const Json *networks = service_get(s, "networks");
        const char *mode = tree_text(service_get(s, "network_mode"));
        _cleanup_free_ char *place = service_place(s, "networks");
        Json *network = json_new_object(), *names = json_new_array();

        if (mode)
                carry_mode(s, network, mode);
        if (!s->host_network) {
                json_add_string(network, "mac", tree_text(service_get(s, "mac_address")));
                if (networks)
                        take_networks(s, networks, network, names);
        }
        if (json_length(names) > 0 &&
            !(json_length(names) == 1 && streq(json_string(json_first(names)), "default")))
                json_add(network, "networks", names);
        else
                (void) json_free(names);
        draft_set(s->container, "network", network, place);
}
