/* SPDX-License-Identifier: MIT */

#include "test.h"

#include "net/router.h"
#include "net/router6.h"
#include "netns-util.h"
#include "ops-util.h"
#include "plan/address6.h"
#include "project-util.h"
#include "state/identity.h"

/* What a project remembers, what its specification says now, and what the addresses are by that. The routes
 * are those of a network namespace of the test's own. */

#define REMEMBERED(members)       "{\"version\": 1, \"id\": \"project-0001\", " members "}"
#define DECLARED(network, subnet) "\"networks\": {\"" network "\": {\"subnet\": \"" subnet "\"}}, "
#define CONTAINERS(members)       "\"containers\": {" members "}"
#define CONTAINER(name, network)                                                                            \
        "\"" name "\": {\"system\": {\"rootfs\": \"/i\"}, \"network\": {" network "}}"

typedef struct Setup {
        TestDir dir;
        Spec *spec;
        Project project;
        Network network;
        bool changed;
} Setup;

/* @spec: the document without its version; NULL: it cannot be loaded. */
static void setup_open(Setup *s, const char *spec, const char *state) {
        *s = (Setup){.dir = test_dir_make()};
        if (spec) {
                _cleanup_free_ char *text = xasprintf("{\"version\": 1, %s}", spec);
                _cleanup_(error_done) Error error = ERROR_NULL;

                ASSERT_OK(spec_parse(text, strlen(text), &s->spec, &error), &error);
        }
        s->project = ops_project(s->spec);
        s->project.state.fd = s->dir.fd;
        if (state)
                ASSERT_OK(fs_write_atomic(s->dir.fd, "state.json", state, strlen(state), 0644, NULL));
}

/* @running: a container, NULL: none. @handled: one that the command starts again. */
static void setup_read(Setup *s, const char *running, const char *handled) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        char *const names[] = {(char *) handled, NULL};
        char **machines = NULL;

        if (running)
                strv_push_take(&machines, project_machine(&s->project, running));
        network_done(&s->network);
        ASSERT_OK(network_read_beside(&s->project, machines, names, &s->network, &s->changed, &error),
                  &error);
}

static void setup_done(Setup *s) {
        network_done(&s->network);
        (void) spec_free(s->spec);
        test_dir_done(&s->dir);
}

/* Of its first network; owned by the caller, NULL: none. */
static char *address_of(const Setup *s, const char *container) {
        const ProjectNetwork *network = network_first(&s->network, container);

        return network ? network_address(&s->network, network, container) : NULL;
}

static void assert_address(const Setup *s, const char *container, const char *wanted) {
        _cleanup_free_ char *address = address_of(s, container);

        ASSERT_TRUE(streq_ptr(address, wanted));
}

#define SPECIAL REMEMBERED("\"subnet\": \"192.168.77.0/24\", \"addresses\": {\"web\": 9}")

IN_NETNS(declared_and_then_not) {
        _cleanup_free_ char *chosen = NULL;
        Setup s;

        setup_open(&s, DECLARED("default", "192.168.77.0/24") CONTAINERS(CONTAINER("web", "")), SPECIAL);
        setup_read(&s, "web", NULL);
        assert_address(&s, "web", "192.168.77.9");
        ASSERT_TRUE(!s.network.moved);
        setup_done(&s);

        /* What runs has the old one. */
        setup_open(&s, CONTAINERS(CONTAINER("web", "")), SPECIAL);
        setup_read(&s, "web", NULL);
        chosen = address_of(&s, "web");
        ASSERT_TRUE(startswith(chosen, "10.") && !strcmp(strrchr(chosen, '.'), ".9"));
        ASSERT_TRUE(s.network.moved && s.changed);
        setup_done(&s);

        /* No specification says which it is, or none of its containers needs one. */
        setup_open(&s, NULL, SPECIAL);
        setup_read(&s, "web", NULL);
        assert_address(&s, "web", NULL);
        ASSERT_STREQ(s.network.state->subnet, "192.168.77.0/24");
        setup_done(&s);
        setup_open(&s, CONTAINERS(CONTAINER("web", "\"mode\": \"none\"")), SPECIAL);
        setup_read(&s, NULL, NULL);
        assert_address(&s, "web", NULL);
        ASSERT_TRUE(!s.network.moved);
        setup_done(&s);
}

/* The number of a fixed address, which others may have had. */
IN_NETNS(fixed_numbers) {
        static const struct {
                const char *addresses, *running;
                bool moved;
        } rows[] = {
                {"", NULL, false},
                {"\"db\": 5", "db", false},
                {"\"db\": 6", NULL, true},
                {"\"other\": 5", NULL, true},
                {"\"gone\": 5", NULL, false},
                {"\"gone\": 5", "other", false},
                {"\"gone\": 5", "gone", true},
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_free_ char *state = xasprintf(
                        REMEMBERED("\"subnet\": \"10.29.40.0/24\", \"addresses\": {%s}"), rows[i].addresses);
                Setup s;

                test_set_row("%zu", i);
                setup_open(&s,
                           CONTAINERS(CONTAINER("db", "\"address\": \"10.29.40.5\"") ", " CONTAINER("other",
                                                                                                    "")),
                           state);
                setup_read(&s, rows[i].running, NULL);
                assert_address(&s, "db", "10.29.40.5");
                ASSERT_EQ(s.network.moved, rows[i].moved);
                setup_done(&s);
        }
}

#define NAMED                                                                                               \
        REMEMBERED("\"addresses\": {\"web\": 9}, \"networks\": {\"a\": \"10.29.40.0/24\", \"b\": "          \
                   "\"10.29.41.0/24\", \"c\": \"10.29.42.0/24\"}, \"members\": {\"web\": [\"b\"]}")

/* Those that no container names, while nothing can be using them. */
IN_NETNS(forgotten_networks) {
        const char *const spec = CONTAINERS(CONTAINER("db", "\"networks\": [\"c\"]"));
        Setup s;

        setup_open(&s, spec, NAMED);
        setup_read(&s, "web", NULL);
        ASSERT_TRUE(network_find(&s.network, "a") != NULL);
        setup_read(&s, NULL, NULL);
        ASSERT_TRUE(!network_find(&s.network, "a") && s.changed);
        ASSERT_EQ(network_find(&s.network, "b")->subnet.network, 0x0a1d2900u);
        ASSERT_EQ(network_find(&s.network, "c")->subnet.network, 0x0a1d2a00u);
        setup_done(&s);
}

/* What runs and is not started again stays where it is. */
IN_NETNS(other_networks) {
        Setup s;

        setup_open(&s, CONTAINERS(CONTAINER("web", "\"networks\": [\"a\"]")), NAMED);
        setup_read(&s, "web", NULL);
        assert_address(&s, "web", "10.29.41.9");
        setup_read(&s, "web", "web");
        assert_address(&s, "web", "10.29.40.9");
        setup_read(&s, NULL, NULL);
        assert_address(&s, "web", "10.29.40.9");
        setup_done(&s);

        setup_open(&s, CONTAINERS(CONTAINER("web", "\"mode\": \"host\"")), NAMED);
        setup_read(&s, "web", NULL);
        assert_address(&s, "web", "10.29.41.9");
        setup_read(&s, "web", "web");
        assert_address(&s, "web", NULL);
        ASSERT_EQ(project_state_get_address(s.network.state, "web"), 9);
        setup_done(&s);
}

/* Whose addresses one has that shares a network: remembered, for commands whose specification lacks it. */
IN_NETNS(shared_network) {
        Setup s;

        setup_open(&s,
                   CONTAINERS(CONTAINER("web", "\"networks\": [\"a\"]") ", " CONTAINER(
                           "app", "\"mode\": \"container\", \"container\": \"web\"")),
                   NAMED);
        setup_read(&s, NULL, NULL);
        ASSERT_STREQ(network_owner(&s.network, "app"), "web");
        ASSERT_STREQ(network_owner(&s.network, "web"), "web");
        assert_address(&s, "app", NULL);
        ASSERT_TRUE(s.changed);
        setup_done(&s);

        setup_open(&s, CONTAINERS(CONTAINER("web", "")),
                   REMEMBERED("\"addresses\": {\"app\": 7, \"web\": 9}, \"shares\": {\"app\": \"web\"}"));
        setup_read(&s, NULL, NULL);
        ASSERT_STREQ(network_owner(&s.network, "app"), "web");
        assert_address(&s, "app", NULL);
        setup_done(&s);

        /* What runs so stays so. */
        setup_open(&s, CONTAINERS(CONTAINER("web", "") ", " CONTAINER("app", "")),
                   REMEMBERED("\"addresses\": {\"web\": 9}, \"shares\": {\"app\": \"web\"}"));
        setup_read(&s, "app", NULL);
        ASSERT_STREQ(network_owner(&s.network, "app"), "web");
        setup_read(&s, "app", "app");
        ASSERT_STREQ(network_owner(&s.network, "app"), "app");
        setup_done(&s);
}

/* The key that a user has written. */
IN_NETNS(taken_subnet) {
        static const struct {
                const char *spec, *key;
        } rows[] = {
                {DECLARED("default", "192.168.77.0/24") CONTAINERS(CONTAINER("web", "")),
                 "networks.default.subnet: 192.168.77.0/24 is taken"},
                {CONTAINERS(CONTAINER("web", "\"address\": \"192.168.77.9\"")),
                 "containers.web.network.address: 192.168.77.0/24 is taken"},
        };

        run("ip link add other type bridge");
        run("ip address add 192.168.77.1/24 dev other");
        run("ip link set other up");
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                Setup s;

                test_set_row("%zu", i);
                setup_open(&s, rows[i].spec, NULL);
                setup_read(&s, NULL, NULL);
                ASSERT_ERROR(network_check_declared(&s.network, false, &error), &error, FC_EXIT_CONFLICT,
                             rows[i].key);
                setup_done(&s);
        }
}

#define DECLARED6(subnet) "\"networks\": {\"default\": {\"subnet6\": \"" subnet "\"}}, "

/* Of each family by itself: one that runs may have been started without IPv6. */
IN_NETNS(taken_subnet6_of_what_runs) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        const ProjectNetwork *network;
        Setup s;

        if (!router6_is_wanted())
                return;
        own_run();
        setup_open(&s, DECLARED6("fd77::/64") CONTAINERS(CONTAINER("web", "")), NULL);
        setup_read(&s, NULL, NULL);
        network = &s.network.networks[0];
        ASSERT_OK(router_ensure(network->bridge, &network->subnet, &error), &error);
        run("ip link add other type bridge");
        run("ip link set other up");
        run("ip -6 route add fd77::/64 dev other metric 7");
        ASSERT_OK(network_check_declared(&s.network, true, &error), &error);
        run("ip -6 route delete fd77::/64 metric 1024");
        ASSERT_ERROR(network_check_declared(&s.network, true, &error), &error, FC_EXIT_CONFLICT,
                     "networks.default.subnet6: fd77::/64 is taken: this host routes fd77::/64");
        ASSERT_OK(router_release(network->bridge, /* ret_removed= */ NULL, NULL));
        setup_done(&s);
}

/* A container could send from the host's address. */
IN_NETNS(subnet6_with_the_hosts_address) {
        _cleanup_free_ char *bridge = identity_bridge_name("project-0001"), *address = NULL, *spec = NULL;
        struct in6_addr network = address6_of_host(bridge);
        _cleanup_(error_done) Error error = ERROR_NULL;
        Setup s;

        network.s6_addr[15] = 0;
        address = address6_to_string(&network);
        spec = xasprintf(DECLARED6("%s/64") CONTAINERS(CONTAINER("web", "")), address);
        setup_open(&s, spec, NULL);
        setup_read(&s, NULL, NULL);
        ASSERT_ERROR(network_check_declared(&s.network, false, &error), &error, FC_EXIT_CONFLICT,
                     "is taken: network 'default' of this project");
        setup_done(&s);
}

/* An interface of ours that has a router is one that runs; the kernel takes the other one apart. */
IN_NETNS(subnet_that_is_leaving) {
        static const Subnet subnet = {0xc0a84d00, 24};
        _cleanup_(error_done) Error error = ERROR_NULL;
        Setup s;

        own_run();
        setup_open(&s, DECLARED("default", "192.168.77.0/24") CONTAINERS(CONTAINER("web", "")), NULL);
        setup_read(&s, NULL, NULL);
        ASSERT_OK(router_ensure("fc-test", &subnet, &error), &error);
        ASSERT_ERROR(network_check_declared(&s.network, false, &error), &error, FC_EXIT_CONFLICT,
                     "is taken");
        error_done(&error);
        ASSERT_OK(router_release("fc-test", /* ret_removed= */ NULL, &error), &error);
        ASSERT_OK(network_check_declared(&s.network, false, &error), &error);
        setup_done(&s);
}

/* What @state says of a running container that was started before. */
static bool has_ipv6(Setup *s, const char *address, bool ipv6) {
        _cleanup_(container_state_freep) ContainerState *state = container_state_new();
        _cleanup_close_ int fd = -EBADF;
        _cleanup_free_ char *found = NULL;

        *state = (ContainerState){.phase = PHASE_READY,
                                  .machine = project_machine(&s->project, "web"),
                                  .boot_id = xstrdup(OPS_BOOT),
                                  .started_usec = 1,
                                  .address = address ? xstrdup(address) : NULL,
                                  .ipv6 = ipv6};
        fd = openat(s->dir.fd, "web", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        ASSERT_OK(fd);
        ASSERT_OK(container_state_save(fd, "web", &s->project.state.user, state, NULL));
        setup_read(s, "web", NULL);
        network_look_for_ipv6(&s->project, &s->network);
        found = network_address6(&s->network, network_first(&s->network, "web"), "web");
        return found != NULL;
}

/* A host may have switched it on since. */
IN_NETNS(started_without_ipv6) {
        Setup s;

        if (!router6_is_wanted())
                return;
        setup_open(&s, CONTAINERS(CONTAINER("web", "")), NULL);
        ASSERT_OK(mkdirat(s.dir.fd, "web", 0755));
        ASSERT_TRUE(has_ipv6(&s, "10.29.40.9", true));
        ASSERT_TRUE(!has_ipv6(&s, "10.29.40.9", false));
        /* It has had no network, and will be started again for that. */
        ASSERT_TRUE(has_ipv6(&s, NULL, false));
        run("sysctl -qw net.ipv6.conf.all.disable_ipv6=1");
        ASSERT_TRUE(!has_ipv6(&s, "10.29.40.9", true));
        setup_done(&s);
}
