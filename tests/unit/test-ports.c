/* SPDX-License-Identifier: MIT */

#include "test.h"

#include <arpa/inet.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "net/port-conflicts.h"
#include "net/port-holder.h"
#include "net/ports.h"
#include "netns-util.h"

/* Most of this runs in a network namespace of its own, where all ports are free to begin with. */

static Port port(const char *address, unsigned host) {
        return (Port){.address = (char *) (uintptr_t) address, .host = (uint16_t) host, .container = 80};
}

/* A listener of another program. `address` NULL: [::] that takes IPv4, too. */
static int listener(const char *address, unsigned number, bool do_listen) {
        struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t) number)};
        struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t) number)};
        const int off = 0, on = 1;
        int fd;

        if (address && inet_pton(AF_INET, address, &in.sin_addr) == 1) {
                fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
                ASSERT_OK(bind(fd, (struct sockaddr *) &in, sizeof(in)));
        } else {
                fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
                ASSERT_OK(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, address ? &on : &off, sizeof(on)));
                if (address)
                        ASSERT_EQ(inet_pton(AF_INET6, address, &in6.sin6_addr), 1);
                ASSERT_OK(bind(fd, (struct sockaddr *) &in6, sizeof(in6)));
        }
        if (do_listen)
                ASSERT_OK(listen(fd, 5));
        return fd;
}

/* A listener that no process has open: it lies in a socket, unread. @ret: who closes both releases it. */
static void listener_in_flight(const char *address, unsigned number, int ret[static 2]) {
        int fd = listener(address, number, true);
        union {
                struct cmsghdr header;
                char room[CMSG_SPACE(sizeof(int))];
        } control = {.header = {CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS}};
        struct iovec data = {.iov_base = (char[1]){"x"}, .iov_len = 1};
        struct msghdr message = {.msg_iov = &data,
                                 .msg_iovlen = 1,
                                 .msg_control = &control,
                                 .msg_controllen = sizeof(control)};

        memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
        ASSERT_OK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ret));
        ASSERT_EQ(sendmsg(ret[0], &message, 0), 1);
        (void) close(fd);
}

/* Whether a process of this network namespace waits for sockets to be destroyed: proc_pid_net(5),
 * "netlink". */
static bool release_is_watched(void) {
        _cleanup_fclose_ FILE *f = fopen("/proc/thread-self/net/netlink", "re");
        unsigned protocol, groups;
        char line[256];

        ASSERT_TRUE(f);
        while (fgets(line, sizeof(line), f))
                if (sscanf(line, "%*s %u %*d %x", &protocol, &groups) == 2 &&
                    protocol == NETLINK_SOCK_DIAG && groups != 0)
                        return true;
        return false;
}

/* Does a client get through? */
static bool connects(const char *address, unsigned number) {
        struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t) number)};
        struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t) number)};
        bool is_ipv4 = inet_pton(AF_INET, address, &in.sin_addr) == 1;
        _cleanup_close_ int fd = socket(is_ipv4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

        if (is_ipv4)
                return connect(fd, (struct sockaddr *) &in, sizeof(in)) >= 0;
        ASSERT_EQ(inet_pton(AF_INET6, address, &in6.sin6_addr), 1);
        return connect(fd, (struct sockaddr *) &in6, sizeof(in6)) >= 0;
}

IN_NETNS(binds_both_loopbacks) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_(published_port_done) PublishedPort sockets = PUBLISHED_PORT_NULL;
        Port p = port(NULL, 8080);

        loopback_up();
        run("ip address add 192.0.2.1/24 dev lo");
        ASSERT_OK(port_bind(&p, 0, NULL, NULL, &sockets, &error), &error);
        ASSERT_TRUE(sockets.fds[0] >= 0 && sockets.fds[1] >= 0);
        ASSERT_EQ(sockets.host, 8080);
        ASSERT_TRUE(connects("127.0.0.1", 8080));
        ASSERT_TRUE(connects("::1", 8080));
        ASSERT_TRUE(!connects("192.0.2.1", 8080));
        for (size_t i = 0; i < PORT_ADDRESSES_MAX; i++) {
                ASSERT_TRUE(fcntl(sockets.fds[i], F_GETFD) & FD_CLOEXEC);
                ASSERT_TRUE(fcntl(sockets.fds[i], F_GETFL) & O_NONBLOCK);
        }
}

IN_NETNS(binds_one_address) {
        static const struct {
                const char *address, *answers, *silent;
        } rows[] = {
                {"127.0.0.1", "127.0.0.1", "::1"},       {"::1", "::1", "127.0.0.1"},
                {"0.0.0.0", "192.0.2.1", "::1"},         {"::", "::1", "127.0.0.1"},
                {"192.0.2.1", "192.0.2.1", "127.0.0.1"},
        };

        loopback_up();
        run("ip address add 192.0.2.1/24 dev lo");
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                _cleanup_(published_port_done) PublishedPort sockets = PUBLISHED_PORT_NULL;
                Port p = port(rows[i].address, 8080);

                test_set_row("%s", rows[i].address);
                ASSERT_OK(port_bind(&p, 0, NULL, NULL, &sockets, &error), &error);
                ASSERT_TRUE(sockets.fds[0] >= 0 && sockets.fds[1] < 0);
                ASSERT_TRUE(connects(rows[i].answers, 8080));
                ASSERT_TRUE(!connects(rows[i].silent, 8080));
        }
}

IN_NETNS(without_ipv6) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_(published_port_done) PublishedPort sockets = PUBLISHED_PORT_NULL,
                                                     automatic = PUBLISHED_PORT_NULL;
        Port both = port(NULL, 8080), any = port(NULL, 0), only = port("::1", 8081);
        int fd = open("/proc/sys/net/ipv6/conf/all/disable_ipv6", O_WRONLY | O_CLOEXEC);

        /* A kernel without IPv6 has it disabled already. */
        if (fd >= 0)
                ASSERT_EQ(write(fd, "1", 1), 1);
        (void) safe_close(fd);
        loopback_up();

        ASSERT_OK(port_bind(&both, 0, NULL, NULL, &sockets, &error), &error);
        ASSERT_TRUE(sockets.fds[0] >= 0 && sockets.fds[1] < 0);
        ASSERT_TRUE(connects("127.0.0.1", 8080));
        ASSERT_OK(port_bind(&any, 0, NULL, NULL, &automatic, &error), &error);
        ASSERT_TRUE(automatic.fds[0] >= 0 && automatic.fds[1] < 0);
        ASSERT_ERROR(port_bind(&only, 0, NULL, NULL, &sockets, &error), &error, FC_EXIT_HOST,
                     "bind [::1]:8081: this host does not have that address");
}

IN_NETNS(taken) {
        static const struct {
                const char *held, *wanted, *message;
        } rows[] = {
                {"127.0.0.1", NULL, "127.0.0.1:8080 is taken by 'some daemon' (pid "},
                {"::1", NULL, "[::1]:8080 is taken by 'some daemon' (pid "},
                {"0.0.0.0", NULL, "127.0.0.1:8080 is taken by 'some daemon' (pid "},
                {"::", NULL, "[::1]:8080 is taken by 'some daemon' (pid "},
                {NULL, NULL, "127.0.0.1:8080 is taken by 'some daemon' (pid "},
                {NULL, "192.0.2.1", "192.0.2.1:8080 is taken by 'some daemon' (pid "},
                {"192.0.2.1", "0.0.0.0", "0.0.0.0:8080 is taken by 'some daemon' (pid "},
                {"127.0.0.1", "0.0.0.0", "0.0.0.0:8080 is taken by 'some daemon' (pid "},
                {"::1", "::", "[::]:8080 is taken by 'some daemon' (pid "},
        };

        loopback_up();
        run("ip address add 192.0.2.1/24 dev lo");
        ASSERT_OK(prctl(PR_SET_NAME, "some daemon"));
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                _cleanup_close_ _unused_ int held = listener(rows[i].held, 8080, true);
                _cleanup_free_ char *pid = xasprintf("(pid %d)", (int) getpid());
                PublishedPort sockets = {.host = 42};
                Port p = port(rows[i].wanted, 8080);

                test_set_row("%s against %s", rows[i].held, rows[i].wanted);
                ASSERT_ERROR(port_bind(&p, 0, NULL, NULL, &sockets, &error), &error, FC_EXIT_CONFLICT,
                             rows[i].message);
                ASSERT_TRUE(strstr(error.message, pid));
                ASSERT_EQ(sockets.host, 42u);
        }
}

IN_NETNS(not_taken_by_others) {
        static const struct {
                const char *held, *wanted;
        } rows[] = {{"192.0.2.1", NULL}, {"::1", "127.0.0.1"}, {"127.0.0.1", "::"}, {"::", "0.0.0.0"}};

        loopback_up();
        run("ip address add 192.0.2.1/24 dev lo");
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                _cleanup_(published_port_done) PublishedPort sockets = PUBLISHED_PORT_NULL;
                _cleanup_close_ _unused_ int held = listener(rows[i].held, 8080, true);
                Port p = port(rows[i].wanted, 8080);

                test_set_row("%s beside %s", rows[i].held, rows[i].wanted);
                ASSERT_OK(port_bind(&p, 0, NULL, NULL, &sockets, &error), &error);
        }
}

IN_NETNS(leaves_nothing_behind) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_close_ int held = -EBADF, again = -EBADF;
        PublishedPort sockets;
        Port p = port(NULL, 8080);

        /* The second address is taken: the first, which was bound already, is free again. */
        loopback_up();
        held = listener("::1", 8080, true);
        ASSERT_TRUE(port_bind(&p, 0, NULL, NULL, &sockets, &error) < 0);
        again = listener("127.0.0.1", 8080, true);
}

IN_NETNS(taken_by_ourselves) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_(published_port_done) PublishedPort first = PUBLISHED_PORT_NULL,
                                                     second = PUBLISHED_PORT_NULL;
        Port p = port(NULL, 8080);

        /* SO_REUSEADDR does not let two of us share a port. */
        loopback_up();
        ASSERT_OK(port_bind(&p, 0, NULL, NULL, &first, &error), &error);
        ASSERT_ERROR(port_bind(&p, 0, NULL, NULL, &second, &error), &error, FC_EXIT_CONFLICT, "is taken by");
        published_port_done(&first);
        ASSERT_OK(port_bind(&p, 0, NULL, NULL, &second, &error), &error);
}

IN_NETNS(taken_by_a_connection) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_close_ int server = -EBADF, client = -EBADF;
        struct sockaddr_in in = {
                .sin_family = AF_INET, .sin_port = htons(9000), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        PublishedPort sockets;
        Port p = port(NULL, 8080);

        /* An outgoing connection that happens to have this local port. */
        loopback_up();
        server = listener("127.0.0.1", 9000, true);
        client = listener("127.0.0.1", 8080, false);
        ASSERT_OK(connect(client, (struct sockaddr *) &in, sizeof(in)));
        ASSERT_OK(prctl(PR_SET_NAME, "browser"));
        ASSERT_ERROR(port_bind(&p, 0, NULL, NULL, &sockets, &error), &error, FC_EXIT_CONFLICT,
                     "127.0.0.1:8080 is taken by 'browser' (pid ");
}

IN_NETNS(free_again_at_once) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        Port p = port(NULL, 8080);

        /* Connections that we closed first leave TIME_WAIT behind; the next `up` must not stumble over
         * it. */
        loopback_up();
        for (unsigned i = 0; i < 3; i++) {
                _cleanup_(published_port_done) PublishedPort sockets = PUBLISHED_PORT_NULL;
                _cleanup_close_ int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
                struct sockaddr_in in = {.sin_family = AF_INET,
                                         .sin_port = htons(8080),
                                         .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
                int accepted;

                ASSERT_OK(port_bind(&p, 0, NULL, NULL, &sockets, &error), &error);
                ASSERT_OK(connect(client, (struct sockaddr *) &in, sizeof(in)));
                accepted = accept(sockets.fds[0], NULL, NULL);
                ASSERT_OK(accepted);
                (void) close(accepted);
        }
}

/* What a command says of ports that are taken. */
static void tell_taken(const char *const containers[], const Port *ports, size_t n, Error *ret) {
        _cleanup_(port_conflicts_done) PortConflicts conflicts = PORT_CONFLICTS_NULL;

        error_done(ret);
        for (size_t i = 0; i < n; i++) {
                Error error = ERROR_NULL;
                PublishedPort sockets;

                ASSERT_ERROR(port_bind(&ports[i], 0, NULL, NULL, &sockets, &error), &error, FC_EXIT_CONFLICT,
                             "is taken by");
                port_conflicts_add(&conflicts, containers[i], &ports[i], &error);
        }
        ASSERT_TRUE(port_conflicts_raise(&conflicts, ret) < 0);
        ASSERT_EQ(ret->exit, FC_EXIT_CONFLICT);
}

IN_NETNS(hint_is_free_on_both) {
        static const char *const web[] = {"web"};
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_close_ int a = -EBADF, b = -EBADF, c = -EBADF;
        Port p = port(NULL, 8080), six = port("::1", 8082);

        loopback_up();
        a = listener("127.0.0.1", 8080, true);
        b = listener("127.0.0.1", 8081, true);
        c = listener("::1", 8082, true);
        tell_taken(web, &p, 1, &error);
        ASSERT_STREQ(error.container, "web");
        ASSERT_STREQ(error.hints[0], "8083 is free: publish the port as \"8083:80\"");
        tell_taken(web, &six, 1, &error);
        ASSERT_STREQ(error.hints[0], "8083 is free: publish the port as \"[::1]:8083:80\"");
}

/* Each with its own holder, and no port is offered twice. */
IN_NETNS(several_are_told_at_once) {
        static const char *const of_one[] = {"web", "web"}, *const of_two[] = {"web", "db"};
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_close_ int a = -EBADF, b = -EBADF;
        Port ports[] = {port("127.0.0.1", 8080), port("127.0.0.1", 8081)};

        loopback_up();
        a = listener("127.0.0.1", 8080, true);
        b = listener("0.0.0.0", 8081, true);
        tell_taken(of_one, ports, 2, &error);
        ASSERT_STREQ(error.message, "2 ports are taken");
        ASSERT_STREQ(error.container, "web");
        ASSERT_TRUE(startswith(error.evidence[0], "127.0.0.1:8080 is taken by "));
        ASSERT_TRUE(startswith(error.evidence[1], "127.0.0.1:8081 is taken by "));
        ASSERT_STREQ(error.hints[0], "8082 is free: publish the port as \"127.0.0.1:8082:80\"");
        ASSERT_STREQ(error.hints[1], "8083 is free: publish the port as \"127.0.0.1:8083:80\"");
        tell_taken(of_two, ports, 2, &error);
        ASSERT_STREQ(error.container, NULL);
        ASSERT_TRUE(startswith(error.evidence[1], "db: 127.0.0.1:8081 is taken by "));
        ASSERT_STREQ(error.hints[1], "db: 8083 is free: publish the port as \"127.0.0.1:8083:80\"");
}

IN_NETNS(no_hint_above_the_last_port) {
        static const char *const web[] = {"web"};
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_close_ int a = -EBADF;
        Port p = port("127.0.0.1", 65535);

        loopback_up();
        a = listener("127.0.0.1", 65535, true);
        tell_taken(web, &p, 1, &error);
        ASSERT_TRUE(!error.hints);
}

IN_NETNS(automatic) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_(published_port_done) PublishedPort first = PUBLISHED_PORT_NULL,
                                                     second = PUBLISHED_PORT_NULL,
                                                     third = PUBLISHED_PORT_NULL;
        _cleanup_close_ int only_six = -EBADF;
        Port p = port(NULL, 0);

        loopback_up();
        ASSERT_OK(port_bind(&p, 0, NULL, NULL, &first, &error), &error);
        ASSERT_TRUE(first.fds[0] >= 0 && first.fds[1] >= 0);
        ASSERT_TRUE(first.host >= 61000);
        ASSERT_TRUE(connects("127.0.0.1", first.host) && connects("::1", first.host));

        /* The remembered one is taken by the first: another one, not an error. */
        ASSERT_OK(port_bind(&p, first.host, NULL, NULL, &second, &error), &error);
        ASSERT_TRUE(second.host >= 61000 && second.host != first.host);

        /* Free again, it comes back, whatever range it is in. */
        published_port_done(&first);
        ASSERT_OK(port_bind(&p, 4711, NULL, NULL, &third, &error), &error);
        ASSERT_EQ(third.host, 4711);

        /* Free on 127.0.0.1 alone is not free. */
        published_port_done(&third);
        only_six = listener("::1", 4711, true);
        ASSERT_OK(port_bind(&p, 4711, NULL, NULL, &third, &error), &error);
        ASSERT_TRUE(third.host != 4711);
}

#define N_AUTOMATIC (65535 - 61000 + 1)

static void in_automatic_exhausted(void) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_(published_port_done) PublishedPort sockets = PUBLISHED_PORT_NULL;
        struct rlimit limit;
        int fds[N_AUTOMATIC];
        Port p = port("127.0.0.1", 0);

        loopback_up();
        ASSERT_OK(getrlimit(RLIMIT_NOFILE, &limit));
        limit.rlim_cur = limit.rlim_max;
        ASSERT_OK(setrlimit(RLIMIT_NOFILE, &limit));
        for (size_t i = 0; i < ELEMENTSOF(fds); i++)
                fds[i] = listener("127.0.0.1", 61000 + (unsigned) i, true);
        ASSERT_ERROR(port_bind(&p, 61007, NULL, NULL, &sockets, &error), &error, FC_EXIT_CONFLICT,
                     "no port from 61000 to 65535 is free");
        /* The last one that is free is found. */
        (void) close(fds[4000]);
        ASSERT_OK(port_bind(&p, 61007, NULL, NULL, &sockets, &error), &error);
        ASSERT_EQ(sockets.host, 65000);
}

TEST(automatic_exhausted) {
        struct rlimit limit;

        ASSERT_OK(getrlimit(RLIMIT_NOFILE, &limit));
        if (limit.rlim_max < N_AUTOMATIC + 100)
                SKIP("may not open a file for each automatic port");
        if (!can_make_netns())
                SKIP("needs root, to make network namespaces, and ip");
        run_in_netns(in_automatic_exhausted);
}

IN_NETNS(refuses_what_the_host_lacks) {
        static const char *const addresses[] = {"192.0.2.9", "fd00::9"};

        loopback_up();
        for (size_t i = 0; i < ELEMENTSOF(addresses); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                Port p = port(addresses[i], 8080);
                PublishedPort sockets;

                test_set_row("%s", addresses[i]);
                ASSERT_ERROR(port_bind(&p, 0, NULL, NULL, &sockets, &error), &error, FC_EXIT_HOST,
                             "this host does not have that address");
                ASSERT_TRUE(error.hints);
        }
}

IN_NETNS(waits_for_a_socket_on_its_way_out) {
        _cleanup_(published_port_done) PublishedPort sockets = PUBLISHED_PORT_NULL;
        _cleanup_(error_done) Error error = ERROR_NULL;
        Port wanted = port(NULL, 8080);
        int held[2], status;
        pid_t pid;

        listener_in_flight("127.0.0.1", 8080, held);
        pid = fork();
        ASSERT_TRUE(pid >= 0);
        if (pid == 0) {
                (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
                while (!release_is_watched())
                        (void) sched_yield();
                _exit(0);
        }
        (void) close(held[0]);
        (void) close(held[1]);
        ASSERT_OK(port_bind(&wanted, 0, NULL, NULL, &sockets, &error), &error);
        ASSERT_EQ(waitpid(pid, &status, 0), pid);
        ASSERT_EQ(status, 0);
}

IN_NETNS(does_not_wait_for_ever) {
        _cleanup_(published_port_done) PublishedPort sockets = PUBLISHED_PORT_NULL;
        _cleanup_(error_done) Error error = ERROR_NULL;
        Port wanted = port(NULL, 8080);
        int held[2];

        listener_in_flight("127.0.0.1", 8080, held);
        ASSERT_TRUE(port_bind(&wanted, 0, NULL, NULL, &sockets, &error) < 0);
        ASSERT_EQ(error.exit, FC_EXIT_CONFLICT);
        ASSERT_STREQ(error.message, "127.0.0.1:8080 is taken by a process that is not visible from here");
        (void) close(held[0]);
        (void) close(held[1]);
}

TEST(refuses_bad_addresses) {
        static const char *const addresses[] = {"", "localhost", "127.1", "1.2.3.4.5", "::g", "127.0.0.1 "};

        for (size_t i = 0; i < ELEMENTSOF(addresses); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                Port p = port(addresses[i], 8080);
                PublishedPort sockets;

                test_set_row("%s", addresses[i]);
                ASSERT_ERROR(port_bind(&p, 0, NULL, NULL, &sockets, &error), &error, FC_EXIT_USAGE,
                             "is not a numeric IP address");
        }
}

IN_NETNS(low_ports_need_root) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_(published_port_done) PublishedPort sockets = PUBLISHED_PORT_NULL;
        Port p = port(NULL, 80);

        loopback_up();
        ASSERT_OK(port_bind(&p, 0, NULL, NULL, &sockets, &error), &error);
        published_port_done(&sockets);
        become_unprivileged();
        ASSERT_ERROR(port_bind(&p, 0, NULL, NULL, &sockets, &error), &error, FC_EXIT_HOST,
                     "bind 127.0.0.1:80");
        ASSERT_STREQ(error.hints[0], "ports below 1024 need root");
}

IN_NETNS(owner_that_we_may_not_see) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_close_ int held = -EBADF;
        PublishedPort sockets;
        Port p = port(NULL, 8080);
        pid_t pid;

        loopback_up();
        held = listener("127.0.0.1", 8080, true);
        pid = fork();
        if (pid == 0) {
                (void) safe_close(TAKE_FD(held));
                become_unprivileged();
                ASSERT_ERROR(port_bind(&p, 0, NULL, NULL, &sockets, &error), &error, FC_EXIT_CONFLICT,
                             "127.0.0.1:8080 is taken by a process that is not visible from here");
                exit(0);
        }
        ASSERT_EQ(wait_status(pid), 0);
}

TEST(machine_of_a_cgroup) {
        static const struct {
                const char *text, *machine;
        } rows[] = {
                {"", NULL},
                {"0::/\n", NULL},
                {"0::/user.slice/session-1.scope\n", NULL},
                {"0::/flake-containers/shop-3f2a-db/runner\n", "shop-3f2a-db"},
                {"0::/flake-containers/shop-3f2a-db", "shop-3f2a-db"},
                {"0::/a/b/flake-containers/shop-3f2a-db/nspawn/payload\n", "shop-3f2a-db"},
                {"4:memory:/x\n1:cpu:/\n0::/flake-containers/m/runner\n", "m"},
                {"0::/flake-containers/m/runner\n1:cpu:/flake-containers/n/x\n", "m"},
                {"1:cpu:/flake-containers/n/x\n0::/other\n", NULL},
                {"0::/other\n1:cpu:/flake-containers/n/x\n", NULL},
                {"0::/flake-containers/\n", NULL},
                {"0::/flake-containers\n", NULL},
                {"0::/my-flake-containers/m/x\n", NULL},
                {"10::/flake-containers/m/x\n", NULL},
                {"0::/machine.slice/flake-containers-shop-3f2a-db.service/proxies\n", "shop-3f2a-db"},
                {"0::/machine.slice/flake-containers-shop-3f2a-db.service\n", "shop-3f2a-db"},
                {"0::/machine.slice/flake-containers-.service/proxies\n", NULL},
                {"0::/machine.slice/flake-containers-shop.scope\n", NULL},
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_free_ char *machine = port_holder_parse_cgroup(rows[i].text);

                test_set_row("%s", rows[i].text);
                ASSERT_STREQ(machine, rows[i].machine);
        }
}

static char *describe(const char *machine, void *userdata) {
        ASSERT_STREQ(machine, "shop-3f2a-db");
        return xstrdup(userdata); /* NULL: not known */
}

static void check_container_message(PortDescribeMachine callback, const char *text, const char *message) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        PublishedPort sockets;
        Port p = port(NULL, 8080);

        ASSERT_ERROR(port_bind(&p, 0, callback, (void *) (uintptr_t) text, &sockets, &error), &error,
                     FC_EXIT_CONFLICT, message);
}

/* The socket is held by us and by a child in a container's cgroup: the container is what the user knows. */
IN_NETNS(taken_by_a_container) {
        const char *mount = access("/sys/fs/cgroup/cgroup.procs", W_OK) < 0 ? "/sys/fs/cgroup/unified"
                                                                            : "/sys/fs/cgroup";
        _cleanup_free_ char *top = xasprintf("%s/fc-test-%d", mount, (int) getpid()),
                            *middle = xasprintf("%s/flake-containers", top),
                            *leaf = xasprintf("%s/shop-3f2a-db", middle),
                            *procs = xasprintf("%s/cgroup.procs", leaf), *text = NULL;
        _cleanup_close_ int held = -EBADF, fd = -EBADF;
        pid_t pid;

        loopback_up();
        held = listener("127.0.0.1", 8080, true);
        pid = holder_new(0);
        ASSERT_OK(mkdir(top, 0755));
        ASSERT_OK(mkdir(middle, 0755));
        ASSERT_OK(mkdir(leaf, 0755));
        fd = open(procs, O_WRONLY | O_CLOEXEC);
        text = xasprintf("%d", (int) pid);
        ASSERT_EQ(write(fd, text, strlen(text)), (ssize_t) strlen(text));

        check_container_message(NULL, NULL, "127.0.0.1:8080 is taken by container 'shop-3f2a-db' (pid ");
        check_container_message(describe, NULL, "127.0.0.1:8080 is taken by container 'shop-3f2a-db' (pid ");
        check_container_message(describe, "container 'db' of project /home/me/shop",
                                "127.0.0.1:8080 is taken by container 'db' of project /home/me/shop");

        holder_end(pid);
        ASSERT_OK(rmdir(leaf));
        ASSERT_OK(rmdir(middle));
        ASSERT_OK(rmdir(top));
}

/* Each protocol has ports of its own; one for datagrams is not shared. */
IN_NETNS(udp) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_(published_port_done) PublishedPort tcp = PUBLISHED_PORT_NULL, udp = PUBLISHED_PORT_NULL,
                                                     again = PUBLISHED_PORT_NULL;
        static const char *const dns[] = {"dns"};
        Port p = port(NULL, 8080), u = port(NULL, 8080);
        int type;
        socklen_t n = sizeof(type);

        u.udp = true;
        loopback_up();
        ASSERT_OK(prctl(PR_SET_NAME, "resolver"));
        ASSERT_OK(port_bind(&p, 0, NULL, NULL, &tcp, &error), &error);
        ASSERT_OK(port_bind(&u, 0, NULL, NULL, &udp, &error), &error);
        for (size_t i = 0; i < PORT_ADDRESSES_MAX; i++) {
                ASSERT_OK(getsockopt(udp.fds[i], SOL_SOCKET, SO_TYPE, &type, &n));
                ASSERT_EQ(type, SOCK_DGRAM);
                ASSERT_TRUE(fcntl(udp.fds[i], F_GETFL) & O_NONBLOCK);
        }
        ASSERT_ERROR(port_bind(&u, 0, NULL, NULL, &again, &error), &error, FC_EXIT_CONFLICT,
                     "127.0.0.1:8080/udp is taken by 'resolver' (pid ");
        tell_taken(dns, &u, 1, &error);
        ASSERT_STREQ(error.hints[0], "8081 is free: publish the port as \"8081:80/udp\"");
        published_port_done(&udp);
        ASSERT_OK(port_bind(&u, 0, NULL, NULL, &again, &error), &error);
}
