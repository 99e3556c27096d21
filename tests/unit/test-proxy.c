/* SPDX-License-Identifier: MIT */

#include "test.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/privilege.h"
#include "base/process.h"
#include "base/userns.h"
#include "keeper/proxy-program.h"
#include "proxy/confine.h"
#include "proxy/connection.h"
#include "proxy/filter.h"
#include "proxy/listener.h"

/* How long anything may take. */
#define WAIT_MSEC 20000

static int socket_of(int family, uint16_t port, bool listens) {
        union {
                struct sockaddr any;
                struct sockaddr_in in;
                struct sockaddr_in6 in6;
        } a = {.any.sa_family = (sa_family_t) family};
        const int one = 1;
        int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | (listens ? SOCK_NONBLOCK : 0), 0);
        socklen_t n = family == AF_INET ? sizeof(a.in) : sizeof(a.in6);

        ASSERT_OK(fd);
        if (family == AF_INET)
                a.in = (struct sockaddr_in){.sin_family = AF_INET,
                                            .sin_port = htons(port),
                                            .sin_addr = {htonl(INADDR_LOOPBACK)}};
        else
                a.in6 = (struct sockaddr_in6){.sin6_family = AF_INET6,
                                              .sin6_port = htons(port),
                                              .sin6_addr = IN6ADDR_LOOPBACK_INIT};
        ASSERT_OK(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)));
        if (listens) {
                ASSERT_OK(bind(fd, &a.any, n));
                ASSERT_OK(listen(fd, 128));
        } else
                ASSERT_OK(connect(fd, &a.any, n));
        return fd;
}

static uint16_t port_of(int fd) {
        struct sockaddr_in6 a;
        socklen_t n = sizeof(a);

        ASSERT_OK(getsockname(fd, (struct sockaddr *) &a, &n));
        return ntohs(a.sin6_port);
}

/* A port that nothing listens on. */
static uint16_t free_port(int family) {
        int fd = socket_of(family, 0, true);
        uint16_t port = port_of(fd);

        (void) close(fd);
        return port;
}

/* The proxy of one port, which is published by `listener`, in our own network. */
typedef struct Setup {
        pid_t pid;
        int listener;
        uint16_t published;
} Setup;

static Setup setup_start_as(int family, uint16_t service, const char *suffix) {
        _cleanup_close_ int self = process_open(getpid());
        _cleanup_free_ char *container = xasprintf("%u%s", service, suffix);
        Setup s = {.listener = socket_of(family, 0, true)};
        KeeperPort port = {container, {s.listener, -EBADF}};
        KeeperOptions o = {
                .machine = (char *) "shop-1234-web", .proxy = (char *) PROXY_PROGRAM, .ports = {&port, 1}};

        ASSERT_OK(self);
        s.published = port_of(s.listener);
        s.pid = proxy_program_start(&o, &o.ports, self);
        ASSERT_TRUE(s.pid > 0);
        return s;
}

static Setup setup_start(uint16_t service) {
        return setup_start_as(AF_INET, service, "");
}

static void setup_end(Setup *s) {
        int status;

        ASSERT_OK(kill(s->pid, SIGKILL));
        ASSERT_EQ(waitpid(s->pid, &status, 0), s->pid);
        /* It has not ended before. */
        ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        (void) close(s->listener);
}

static int setup_connect(const Setup *s) {
        return socket_of(AF_INET, s->published, false);
}

static void wait_for(int fd, short events) {
        ASSERT_EQ(poll(&(struct pollfd){.fd = fd, .events = events}, 1, WAIT_MSEC), 1);
}

static int accept_one(int listener) {
        int fd;

        wait_for(listener, POLLIN);
        ASSERT_OK(fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC));
        return fd;
}

static void assert_says(int from, int to, const char *text) {
        char buffer[64] = {};

        ASSERT_EQ(send(from, text, strlen(text), MSG_NOSIGNAL), (ssize_t) strlen(text));
        wait_for(to, POLLIN);
        ASSERT_EQ(recv(to, buffer, sizeof(buffer) - 1, 0), (ssize_t) strlen(text));
        ASSERT_STREQ(buffer, text);
}

static void assert_ended(int fd) {
        char byte;

        wait_for(fd, POLLIN);
        ASSERT_EQ(recv(fd, &byte, 1, 0), 0);
}

static void assert_reset(int fd) {
        char byte;

        wait_for(fd, POLLIN);
        ASSERT_EQ(recv(fd, &byte, 1, 0), -1);
        ASSERT_EQ(errno, ECONNRESET);
}

/* On either address of a localhost, and both halves by themselves. */
TEST(relays_and_ends_each_half) {
        static const int families[] = {AF_INET, AF_INET6};

        if (geteuid() != 0)
                SKIP("needs root, to become another user");
        for (size_t i = 0; i < ELEMENTSOF(families); i++)
                for (unsigned first = 0; first < 2; first++) {
                        int service = socket_of(families[i], 0, true), fds[2];
                        Setup s = setup_start(port_of(service));

                        test_set_row("family %d, %s first", families[i], first == 0 ? "client" : "service");
                        fds[0] = setup_connect(&s);
                        fds[1] = accept_one(service);
                        assert_says(fds[0], fds[1], "question");
                        assert_says(fds[1], fds[0], "answer");
                        ASSERT_OK(shutdown(fds[first], SHUT_WR));
                        assert_ended(fds[!first]);
                        assert_says(fds[!first], fds[first], "after the end");
                        ASSERT_OK(shutdown(fds[!first], SHUT_WR));
                        assert_ended(fds[first]);
                        (void) close(fds[0]);
                        (void) close(fds[1]);
                        setup_end(&s);
                        (void) close(service);
                }
}

/* By the PROXY protocol, before anything that the client says. */
TEST(introduces_the_client) {
        static const struct {
                int family;
                const char *words;
        } rows[] = {{AF_INET, "PROXY TCP4 127.0.0.1 127.0.0.1"}, {AF_INET6, "PROXY TCP6 ::1 ::1"}};

        if (geteuid() != 0)
                SKIP("needs root, to become another user");
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                int service = socket_of(AF_INET, 0, true), fds[2];
                Setup s = setup_start_as(rows[i].family, port_of(service), "/proxy");
                _cleanup_free_ char *line = NULL;
                char buffer[128] = {};

                test_set_row("%s", rows[i].words);
                fds[0] = socket_of(rows[i].family, s.published, false);
                ASSERT_EQ(send(fds[0], "question", 8, MSG_NOSIGNAL), 8);
                fds[1] = accept_one(service);
                line = xasprintf("%s %u %u\r\nquestion", rows[i].words, port_of(fds[0]), s.published);
                ASSERT_EQ(recv(fds[1], buffer, strlen(line), MSG_WAITALL), (ssize_t) strlen(line));
                ASSERT_STREQ(buffer, line);
                assert_says(fds[1], fds[0], "answer");
                (void) close(fds[0]);
                assert_ended(fds[1]);
                (void) close(fds[1]);
                setup_end(&s);
                (void) close(service);
        }
}

TEST(passes_a_reset_on) {
        if (geteuid() != 0)
                SKIP("needs root, to become another user");
        for (unsigned first = 0; first < 2; first++) {
                int service = socket_of(AF_INET, 0, true), fds[2];
                Setup s = setup_start(port_of(service));

                test_set_row("%s", first == 0 ? "client" : "service");
                fds[0] = setup_connect(&s);
                fds[1] = accept_one(service);
                assert_says(fds[0], fds[1], "question");
                connection_reset(fds[first]);
                assert_reset(fds[!first]);
                (void) close(fds[!first]);
                setup_end(&s);
                (void) close(service);
        }
}

/* A half that has ended is not a reason to miss that the other side is gone. */
TEST(passes_a_reset_on_after_an_end) {
        int service, fds[2], error = 0;
        socklen_t n = sizeof(error);
        Setup s;

        if (geteuid() != 0)
                SKIP("needs root, to become another user");
        service = socket_of(AF_INET, 0, true);
        s = setup_start(port_of(service));
        fds[0] = setup_connect(&s);
        fds[1] = accept_one(service);
        ASSERT_OK(shutdown(fds[0], SHUT_WR));
        assert_ended(fds[1]);
        connection_reset(fds[0]);
        /* Of a connection that has ended in this direction the kernel calls it so, tcp_reset() in it. */
        wait_for(fds[1], 0);
        ASSERT_OK(getsockopt(fds[1], SOL_SOCKET, SO_ERROR, &error, &n));
        ASSERT_EQ(error, EPIPE);
        (void) close(fds[1]);
        setup_end(&s);
        (void) close(service);
}

/* Connections wait for a service that is not there yet, as many as there are. */
TEST(waits_for_the_service) {
        int clients[20], service;
        uint16_t port;
        Setup s;

        if (geteuid() != 0)
                SKIP("needs root, to become another user");
        port = free_port(AF_INET);
        s = setup_start(port);
        for (size_t i = 0; i < ELEMENTSOF(clients); i++) {
                clients[i] = setup_connect(&s);
                ASSERT_EQ(send(clients[i], "early", 5, 0), 5);
        }
        /* It has been refused by now, and does not end the connection. */
        ASSERT_EQ(poll(&(struct pollfd){.fd = clients[0], .events = POLLIN}, 1, 300), 0);
        service = socket_of(AF_INET, port, true);
        for (size_t i = 0; i < ELEMENTSOF(clients); i++) {
                int fd = accept_one(service);
                char buffer[8] = {};

                wait_for(fd, POLLIN);
                ASSERT_EQ(recv(fd, buffer, sizeof(buffer), 0), 5);
                ASSERT_STREQ(buffer, "early");
                assert_says(fd, clients[i], "welcome");
                (void) close(fd);
        }
        for (size_t i = 0; i < ELEMENTSOF(clients); i++) {
                assert_ended(clients[i]);
                (void) close(clients[i]);
        }
        setup_end(&s);
        (void) close(service);
}

/* What leads to the host does not wait: one after another is reset at once, until there is a service. */
TEST(refuses_at_once_for_the_host) {
        uint16_t port;
        int service, fds[2];
        Setup s;

        if (geteuid() != 0)
                SKIP("needs root, to become another user");
        port = free_port(AF_INET);
        s = setup_start_as(AF_INET, port, "/host");
        for (size_t i = 0; i < 20; i++) {
                int client = setup_connect(&s);

                wait_for(client, POLLIN);
                assert_reset(client);
                (void) close(client);
        }
        service = socket_of(AF_INET, port, true);
        fds[0] = setup_connect(&s);
        fds[1] = accept_one(service);
        assert_says(fds[0], fds[1], "question");
        assert_says(fds[1], fds[0], "answer");
        (void) close(fds[0]);
        (void) close(fds[1]);
        setup_end(&s);
        (void) close(service);
}

/* Its socket is shut down: what is connected goes on. */
TEST(ends_with_its_last_connection) {
        int service, fds[2], status;
        Setup s;

        if (geteuid() != 0)
                SKIP("needs root, to become another user");
        service = socket_of(AF_INET, 0, true);
        s = setup_start(port_of(service));
        fds[0] = setup_connect(&s);
        fds[1] = accept_one(service);
        assert_says(fds[0], fds[1], "question");
        ASSERT_OK(shutdown(s.listener, SHUT_RDWR));
        (void) close(s.listener);
        assert_says(fds[1], fds[0], "answer");
        assert_says(fds[0], fds[1], "another");
        (void) close(fds[0]);
        assert_ended(fds[1]);
        (void) close(fds[1]);
        ASSERT_EQ(waitpid(s.pid, &status, 0), s.pid);
        ASSERT_EQ(status, 0);
        (void) close(service);
}

static void on_waits(bool on, void *userdata) {}

/* A Unix socket does not tell how many wait: of those that come all the time it takes only as many at once
 * as its queue could have had. */
TEST(takes_no_more_than_a_queue) {
        static const ListenerHandlers handlers = {.waits = on_waits};
        const Target target = {.path = (char *) "/nonexistent"};
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), clients[3];
        socklen_t n = sizeof(address);
        Listener l;
        Loop loop;

        ASSERT_OK(fd);
        /* A name of the kernel's choice. */
        ASSERT_OK(bind(fd, (struct sockaddr *) &address, sizeof(address.sun_family)));
        ASSERT_OK(listen(fd, SOMAXCONN));
        ASSERT_OK(getsockname(fd, (struct sockaddr *) &address, &n));
        ASSERT_OK(loop_open(&loop, NULL));
        ASSERT_OK(listener_open(&l, &loop, fd, &target, &handlers, NULL, NULL));
        for (size_t i = 0; i < ELEMENTSOF(clients); i++) {
                ASSERT_OK(clients[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
                ASSERT_OK(connect(clients[i], (struct sockaddr *) &address, n));
        }
        l.watch.on_ready(&l.watch, EPOLLIN);
        ASSERT_TRUE(l.refused);
        ASSERT_EQ(l.n_oldest, (unsigned) SOMAXCONN);
        /* A long time ago. */
        l.since_usec = 0;
        l.watch.on_ready(&l.watch, EPOLLIN);
        ASSERT_EQ(l.n_oldest, 0u);
        for (size_t i = 0; i < ELEMENTSOF(clients); i++) {
                assert_ended(clients[i]);
                (void) close(clients[i]);
        }
        loop_done(&loop);
        (void) close(fd);
}

enum {
        MANY = 100,
};

/* More than there are descriptors for: those that find no room wait until others end. */
static void fill_up(int service) {
        int clients[MANY], services[MANY], n = 0;
        Setup s = setup_start(port_of(service));

        for (int i = 0; i < MANY; i++)
                clients[i] = setup_connect(&s);
        /* 200 descriptors, of which connections take two each: more than 40 come, on a busy machine after a
         * while, and then no more. */
        while (n < MANY &&
               poll(&(struct pollfd){.fd = service, .events = POLLIN}, 1, n > 40 ? 300 : 30000) > 0)
                services[n++] = accept_one(service);
        ASSERT_TRUE(n > 40 && n < MANY);
        for (int i = 0; i < MANY; i++) {
                if (i >= n)
                        services[i] = accept_one(service);
                assert_says(clients[i], services[i], "hello");
                assert_says(services[i], clients[i], "hello yourself");
                (void) close(clients[i]);
                assert_ended(services[i]);
                (void) close(services[i]);
        }
        setup_end(&s);
}

TEST(at_the_limit_of_files_they_wait) {
        int service, status;
        pid_t pid;

        if (geteuid() != 0)
                SKIP("needs root, to become another user");
        service = socket_of(AF_INET, 0, true);
        pid = fork();
        ASSERT_TRUE(pid >= 0);
        if (pid == 0) {
                /* Without the privilege to raise it again. */
                ASSERT_OK(setrlimit(RLIMIT_NOFILE, &(struct rlimit){240, 240}));
                ASSERT_OK(privilege_bound(~PRIVILEGE(SYS_RESOURCE)));
                fill_up(service);
                /* exit(3) looks for leaks, of which a test that failed would have some. */
                _exit(0);
        }
        ASSERT_EQ(waitpid(pid, &status, 0), pid);
        ASSERT_EQ(status, 0);
        (void) close(service);
}

/* What a proxy tries, and the errno of each, 0 when it worked. In memory, since it can write nowhere. */
typedef struct Tried {
        int n;
        struct {
                const char *name;
                int error;
        } what[32];
} Tried;

static void try_one(Tried *t, const char *name, long r) {
        t->what[t->n].name = name;
        t->what[t->n++].error = r < 0 ? errno : 0;
}

static void try_forbidden(Tried *t, bool unix_sockets) {
        try_one(t, "fork", syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
        try_one(t, "kill", kill(1, 0));
        try_one(t, "ptrace", ptrace(PTRACE_TRACEME, 0, NULL, NULL));
        try_one(t, "unshare", unshare(CLONE_NEWUSER));
        try_one(t, "setns", setns(0, CLONE_NEWNET));
        try_one(t, "pidfd", syscall(SYS_pidfd_open, getpid(), 0));
        try_one(t, "open", open("/etc/hosts", O_RDONLY | O_CLOEXEC));
        try_one(t, "write", open("/dev/null", O_WRONLY | O_CLOEXEC));
        try_one(t, "stat", access("/", F_OK));
        try_one(t, "mkdir", mkdir("/tmp/fc-test-proxy", 0700));
        try_one(t, "unlink", unlink("/tmp/fc-test-proxy"));
        try_one(t, "chmod", chmod("/tmp", 01777));
        try_one(t, "mount", mount(NULL, "/", NULL, MS_REMOUNT, NULL));
        try_one(t, "netlink", socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0));
        try_one(t, "packet", socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
        if (!unix_sockets)
                try_one(t, "unix", socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        try_one(t, "bind", bind(-1, NULL, 0));
        try_one(t, "listen", listen(-1, 1));
        try_one(t, "keyctl", syscall(SYS_keyctl, 0, 0, 0, 0, 0));
        try_one(t, "bpf", syscall(SYS_bpf, 0, NULL, 0));
        try_one(t, "execve", execve("/bin/true", (char *[]){(char *) "true", NULL}, environ));
        try_one(t, "executable memory",
                (long) mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

static void assert_confined(bool unix_sockets) {
        Tried *t = mmap(NULL, sizeof(*t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        pid_t pid;
        int status;

        ASSERT_TRUE(t != MAP_FAILED);
        pid = fork();
        ASSERT_TRUE(pid >= 0);
        if (pid == 0) {
                if (confine("shop-1234-web", NULL) < 0 || filter_load(unix_sockets, NULL) < 0)
                        _exit(1);
                if (unix_sockets && socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) < 0)
                        _exit(2);
                try_forbidden(t, unix_sockets);
                _exit(0);
        }
        ASSERT_EQ(waitpid(pid, &status, 0), pid);
        ASSERT_EQ(status, 0);
        ASSERT_EQ(t->n, unix_sockets ? 21 : 22);
        for (int i = 0; i < t->n; i++) {
                test_set_row("%s", t->what[i].name);
                ASSERT_EQ(t->what[i].error, ENOSYS);
        }
        ASSERT_OK(munmap(t, sizeof(*t)));
}

TEST(what_it_may_not_do) {
        if (geteuid() != 0)
                SKIP("needs root, to become another user");
        assert_confined(/* unix_sockets= */ false);
        assert_confined(/* unix_sockets= */ true);
}

/* A host that is a container itself has no such ids as are taken elsewhere. */
TEST(few_ids) {
        _cleanup_close_ int userns = -EBADF;
        pid_t pid;
        int status;

        if (geteuid() != 0)
                SKIP("needs root, to make a user namespace");
        userns = userns_open("0 0 65536\n", "0 0 65536\n");
        ASSERT_OK(userns);
        pid = fork();
        ASSERT_TRUE(pid >= 0);
        if (pid == 0) {
                if (setns(userns, CLONE_NEWUSER) < 0 || confine("shop-1234-web", NULL) < 0)
                        _exit(1);
                _exit(getuid() >= 61184 && getuid() < 65536 ? 0 : 2);
        }
        ASSERT_EQ(waitpid(pid, &status, 0), pid);
        ASSERT_EQ(status, 0);
}
