/* SPDX-License-Identifier: MIT */

#include "test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "base/privilege.h"
#include "keeper/proxy-program.h"
#include "net/ports.h"
#include "netns-util.h"
#include "proxy/flow.h"

/* How long anything may take. */
#define WAIT_MSEC 20000

#define SERVICE_PORT 5300

#define IN_ROOT_NETNS(name)                                                                                 \
        static void in_##name(void);                                                                        \
        TEST(name) {                                                                                        \
                if (geteuid() != 0 || !can_make_netns())                                                    \
                        SKIP("needs root, to make network namespaces, and ip");                             \
                run_in_netns(in_##name);                                                                    \
        }                                                                                                   \
        static void in_##name(void)

static socklen_t address_of(const char *text, uint16_t port, ClientAddress *ret) {
        *ret = (ClientAddress){};
        if (inet_pton(AF_INET, text, &ret->in.sin_addr) == 1) {
                ret->in.sin_family = AF_INET;
                ret->in.sin_port = htons(port);
                return sizeof(ret->in);
        }
        ASSERT_EQ(inet_pton(AF_INET6, text, &ret->in6.sin6_addr), 1);
        ret->in6.sin6_family = AF_INET6;
        ret->in6.sin6_port = htons(port);
        return sizeof(ret->in6);
}

/* Port 0: any. */
static int bound(const char *text, uint16_t port) {
        ClientAddress a;
        socklen_t n = address_of(text, port, &a);
        const int one = 1;
        int fd = socket(a.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        ASSERT_OK(fd);
        if (a.any.sa_family == AF_INET6)
                ASSERT_OK(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)));
        ASSERT_OK(bind(fd, &a.any, n));
        return fd;
}

/* The proxy of one UDP port, in our own network. */
typedef struct Setup {
        pid_t pid;
        PublishedPort published;
} Setup;

static Setup setup_start(const char *address) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_close_ int self = process_open(getpid());
        Port wanted = {.address = (char *) (uintptr_t) address, .container = SERVICE_PORT, .udp = true};
        Setup s = {.published = PUBLISHED_PORT_NULL};
        KeeperPort port = {.container = (char *) "5300/udp"};
        KeeperOptions o = {
                .machine = (char *) "shop-1234-dns", .proxy = (char *) PROXY_PROGRAM, .ports = {&port, 1}};

        ASSERT_OK(self);
        ASSERT_OK(port_bind(&wanted, 0, NULL, NULL, &s.published, &error), &error);
        port.fds[0] = s.published.fds[0];
        port.fds[1] = s.published.fds[1];
        s.pid = proxy_program_start(&o, &o.ports, self);
        ASSERT_TRUE(s.pid > 0);
        return s;
}

static void setup_end(Setup *s) {
        ASSERT_OK(kill(s->pid, SIGKILL));
        /* It has not ended before. */
        ASSERT_EQ(wait_status(s->pid), 128 + SIGKILL);
        published_port_done(&s->published);
}

/* A client that takes answers only from the address that it has sent to. */
static int setup_connect(const Setup *s, const char *address) {
        ClientAddress a;
        socklen_t n = address_of(address, s->published.host, &a);
        int fd = socket(a.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        ASSERT_OK(fd);
        ASSERT_OK(connect(fd, &a.any, n));
        return fd;
}

static void say(int fd, const void *data, size_t size) {
        ASSERT_EQ(send(fd, data, size, 0), (ssize_t) size);
}

static void assert_hears(int fd, const void *data, size_t size) {
        static char buffer[70000];

        ASSERT_EQ(poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, WAIT_MSEC), 1);
        ASSERT_EQ(recv(fd, buffer, sizeof(buffer), 0), (ssize_t) size);
        ASSERT_EQ(memcmp(buffer, data, size), 0);
}

static bool is_silent(int fd) {
        return poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, 0) == 0;
}

/* The service gives back what it gets. Return: the client's port, as the service sees it. */
static uint16_t serve_one(int service) {
        static char buffer[70000];
        ClientAddress from;
        socklen_t length = sizeof(from);
        ssize_t n;

        ASSERT_EQ(poll(&(struct pollfd){.fd = service, .events = POLLIN}, 1, WAIT_MSEC), 1);
        n = recvfrom(service, buffer, sizeof(buffer), 0, &from.any, &length);
        ASSERT_TRUE(n >= 0);
        ASSERT_EQ(sendto(service, buffer, (size_t) n, 0, &from.any, length), n);
        return ntohs(from.in.sin_port);
}

/* On either address of a localhost, and of a client of either family. */
IN_ROOT_NETNS(clients_are_kept_apart) {
        static const char *const addresses[] = {"127.0.0.1", "::1"};

        loopback_up();
        for (unsigned inside = 0; inside < 2; inside++)
                for (unsigned outside = 0; outside < 2; outside++) {
                        int service = bound(addresses[inside], SERVICE_PORT), clients[2];
                        Setup s = setup_start(addresses[outside]);
                        uint16_t first, second;

                        test_set_row("%s to %s", addresses[outside], addresses[inside]);
                        clients[0] = setup_connect(&s, addresses[outside]);
                        clients[1] = setup_connect(&s, addresses[outside]);
                        say(clients[0], "one", 3);
                        first = serve_one(service);
                        say(clients[1], "two", 3);
                        second = serve_one(service);
                        assert_hears(clients[0], "one", 3);
                        assert_hears(clients[1], "two", 3);
                        ASSERT_TRUE(is_silent(clients[0]) && is_silent(clients[1]));
                        ASSERT_TRUE(first != second);
                        say(clients[0], "again", 5);
                        ASSERT_EQ(serve_one(service), first);
                        assert_hears(clients[0], "again", 5);
                        (void) close(clients[0]);
                        (void) close(clients[1]);
                        setup_end(&s);
                        (void) close(service);
                }
}

/* Its socket is shut down while a client talks, or waits for a service: neither could be answered. */
IN_ROOT_NETNS(ends_when_taken_back) {
        loopback_up();
        for (unsigned served = 0; served < 2; served++) {
                int service = served ? bound("127.0.0.1", SERVICE_PORT) : -EBADF, client;
                Setup s = setup_start("127.0.0.1");

                test_set_row("%s a service", served ? "with" : "without");
                client = setup_connect(&s, "127.0.0.1");
                say(client, "one", 3);
                if (served) {
                        (void) serve_one(service);
                        assert_hears(client, "one", 3);
                }
                (void) shutdown(s.published.fds[0], SHUT_RDWR);
                ASSERT_EQ(wait_status(s.pid), 0);
                published_port_done(&s.published);
                (void) close(client);
                (void) safe_close(service);
        }
}

IN_ROOT_NETNS(of_any_size) {
        static char data[65507];
        int service, client;
        Setup s;

        loopback_up();
        for (size_t i = 0; i < sizeof(data); i++)
                data[i] = (char) (i % 251);
        service = bound("0.0.0.0", SERVICE_PORT);
        s = setup_start("127.0.0.1");
        client = setup_connect(&s, "127.0.0.1");
        for (size_t i = 0; i < 3; i++) {
                static const size_t sizes[] = {0, 1, sizeof(data)};

                test_set_row("%zu", sizes[i]);
                say(client, data, sizes[i]);
                (void) serve_one(service);
                assert_hears(client, data, sizes[i]);
        }
        (void) close(client);
        setup_end(&s);
        (void) close(service);
}

/* Of a port on all addresses of a host that has several. */
IN_ROOT_NETNS(answers_come_from_the_address_that_was_asked) {
        static const struct {
                const char *bound, *asked;
        } rows[] = {{"0.0.0.0", "127.0.0.1"}, {"0.0.0.0", "192.0.2.1"},
                    {"0.0.0.0", "192.0.2.2"}, {"::", "::1"},
                    {"::", "2001:db8::1"},    {"::", "2001:db8::2"}};
        int service;

        loopback_up();
        run("ip address add 192.0.2.1/24 dev lo");
        run("ip address add 192.0.2.2/24 dev lo");
        run("ip address add 2001:db8::1/64 dev lo nodad");
        run("ip address add 2001:db8::2/64 dev lo nodad");
        service = bound("127.0.0.1", SERVICE_PORT);
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                Setup s = setup_start(rows[i].bound);
                int client = setup_connect(&s, rows[i].asked);

                test_set_row("%s, %s", rows[i].bound, rows[i].asked);
                say(client, "who", 3);
                (void) serve_one(service);
                assert_hears(client, "who", 3);
                (void) close(client);
                setup_end(&s);
        }
        (void) close(service);
}

/* They wait for a service that is not there yet, those of a moment ago included, and for one that comes back
 * at another address. */
IN_ROOT_NETNS(they_wait_for_the_service) {
        int service, clients[10];
        Setup s;

        loopback_up();
        s = setup_start("127.0.0.1");
        for (size_t i = 0; i < ELEMENTSOF(clients); i++) {
                clients[i] = setup_connect(&s, "127.0.0.1");
                say(clients[i], &i, sizeof(i));
        }
        /* It has been refused by now. */
        ASSERT_EQ(poll(&(struct pollfd){.fd = clients[0], .events = POLLIN}, 1, 300), 0);
        service = bound("::1", SERVICE_PORT);
        for (size_t i = 0; i < ELEMENTSOF(clients); i++)
                (void) serve_one(service);
        for (size_t i = 0; i < ELEMENTSOF(clients); i++)
                assert_hears(clients[i], &i, sizeof(i));
        (void) close(service);
        /* This one is lost, as it would be without us; the service is looked for at the next. */
        say(clients[0], "lost", 4);
        ASSERT_EQ(poll(&(struct pollfd){.fd = clients[0], .events = POLLIN}, 1, 100), 0);
        service = bound("127.0.0.1", SERVICE_PORT);
        say(clients[0], "kept", 4);
        (void) serve_one(service);
        assert_hears(clients[0], "kept", 4);
        for (size_t i = 0; i < ELEMENTSOF(clients); i++)
                (void) close(clients[i]);
        (void) close(service);
        setup_end(&s);
}

/* More clients than there are descriptors for: the eldest give way to the newest. */
IN_ROOT_NETNS(the_newest_have_room) {
        int service, status;
        pid_t pid;

        loopback_up();
        service = bound("127.0.0.1", SERVICE_PORT);
        pid = fork();
        ASSERT_TRUE(pid >= 0);
        if (pid == 0) {
                Setup s;

                /* Without the privilege to raise it again. */
                ASSERT_OK(setrlimit(RLIMIT_NOFILE, &(struct rlimit){160, 160}));
                ASSERT_OK(privilege_bound(~PRIVILEGE(SYS_RESOURCE)));
                s = setup_start("127.0.0.1");
                for (unsigned i = 0; i < 500; i++) {
                        int client = setup_connect(&s, "127.0.0.1");

                        test_set_row("%u", i);
                        say(client, &i, sizeof(i));
                        (void) serve_one(service);
                        assert_hears(client, &i, sizeof(i));
                        (void) close(client);
                }
                setup_end(&s);
                /* exit(3) looks for leaks, of which a test that failed would have some. */
                _exit(0);
        }
        ASSERT_EQ(waitpid(pid, &status, 0), pid);
        ASSERT_EQ(status, 0);
        (void) close(service);
}

/* ---- the table ---- */

static int n_changes;

static void on_change(Flows *flows, bool more) {
        n_changes += more ? 1 : -1;
}

static FlowKey key_of(uint16_t port) {
        FlowKey key;

        memset(&key, 0, sizeof(key));
        key.client.in.sin_family = AF_INET;
        key.client.in.sin_port = port;
        return key;
}

/* A question ends soon, a talk later; each from its last datagram on. */
TEST(flows_end_by_time) {
        const uint64_t start = 1000 * USEC_PER_SEC;
        _cleanup_(error_done) Error error = ERROR_NULL;
        FlowKey question = key_of(1), talk = key_of(2);
        Flows flows;
        Loop loop;
        Flow *f;

        ASSERT_OK(loop_open(&loop, &error), &error);
        flows_init(&flows, &loop, 10, on_change);
        (void) flows_add(&flows, &question, start);
        f = flows_add(&flows, &talk, start);
        ASSERT_EQ(n_changes, 2);
        ASSERT_EQ(flows_expire(&flows, start), start + FLOW_SHORT_USEC);
        f->answered = true;
        flows_touch(&flows, f, /* from_client= */ false, start + USEC_PER_SEC);
        ASSERT_EQ(f->kind, FLOW_SHORT);
        flows_touch(&flows, f, /* from_client= */ true, start + 2 * USEC_PER_SEC);
        ASSERT_EQ(f->kind, FLOW_STREAM);
        ASSERT_EQ(flows_expire(&flows, start + FLOW_SHORT_USEC),
                  start + 2 * USEC_PER_SEC + FLOW_STREAM_USEC);
        ASSERT_TRUE(!flows_find(&flows, &question));
        ASSERT_TRUE(flows_find(&flows, &talk) == f);
        flows_touch(&flows, f, /* from_client= */ false, start + 100 * USEC_PER_SEC);
        ASSERT_EQ(flows_expire(&flows, start + 200 * USEC_PER_SEC),
                  start + 100 * USEC_PER_SEC + FLOW_STREAM_USEC);
        ASSERT_EQ(flows_expire(&flows, start + 100 * USEC_PER_SEC + FLOW_STREAM_USEC), 0);
        ASSERT_EQ(n_changes, 0);
        flows_done(&flows);
        loop_done(&loop);
}

/* Who only asks does not push out those who talk. */
TEST(flows_make_room) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        FlowKey talk = key_of(1), key;
        Flows flows;
        Loop loop;
        Flow *f;

        ASSERT_OK(loop_open(&loop, &error), &error);
        flows_init(&flows, &loop, 3, on_change);
        f = flows_add(&flows, &talk, 1);
        f->answered = true;
        flows_touch(&flows, f, /* from_client= */ true, 2);
        for (uint16_t i = 2; i < 1000; i++) {
                key = key_of(i);
                (void) flows_add(&flows, &key, i);
                ASSERT_TRUE(flows.n <= 3);
        }
        ASSERT_TRUE(flows_find(&flows, &talk) == f);
        ASSERT_TRUE(flows_find(&flows, &key));
        key = key_of(998);
        ASSERT_TRUE(flows_find(&flows, &key));
        key = key_of(997);
        ASSERT_TRUE(!flows_find(&flows, &key));
        flows_done(&flows);
        ASSERT_EQ(n_changes, 0);
        loop_done(&loop);
}
