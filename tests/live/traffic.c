/* SPDX-License-Identifier: MIT */

/* Both ends of the connections that tests of published ports and tests/bench/ports make: a server that gives
 * back what it is sent, and clients. Each verb prints one line when it has done its work.
 *
 *     serve ADDRESS PORT            gives bytes back, and ends its half when the client has ended its own
 *     short PORT N AT_ONCE          N connections, some at a time: each sends a line and wants it back
 *     idle PORT N                   N connections, used, kept, and used once more when standard input ends
 *     mute PORT N                   N connections that say nothing, kept until standard input ends
 *     slow PORT N                   N connections that ask for much and read nothing, kept likewise
 *     answer PORT                   sends a line, ends its half, and prints what comes back
 *     pingpong PORT N               N times a byte there and back; prints nanoseconds for each
 *     bulk PORT N BYTES             N connections send so many bytes and get them back; prints MB/s
 *     userve ADDRESS PORT           gives datagrams back
 *     upingpong PORT N SIZE         N times a datagram there and back; prints nanoseconds for each
 *     ubulk PORT N SIZE AT_ONCE     N datagrams, some at a time; prints how many came back a second
 *     uflood PORT N                 datagrams from N ports in turn, until none is listened to any more
 *     splice PORT TARGET            the least that can be done: a process for each direction of a connection
 *
 * Clients connect to 127.0.0.1. An ADDRESS or PORT may also be the path of a Unix socket. */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BUFFER (128 * 1024)

static _Noreturn void die(const char *what) {
        perror(what);
        exit(1);
}

static int check(int r, const char *what) {
        if (r < 0)
                die(what);
        return r;
}

static double now(void) {
        struct timespec t;

        (void) clock_gettime(CLOCK_MONOTONIC, &t);
        return (double) t.tv_sec + (double) t.tv_nsec / 1e9;
}

static unsigned number(const char *text) {
        return (unsigned) strtoul(text, NULL, 10);
}

static socklen_t make_address(const char *address, unsigned port, struct sockaddr_storage *ret) {
        struct sockaddr_in *in = (struct sockaddr_in *) ret;
        struct sockaddr_in6 *in6 = (struct sockaddr_in6 *) ret;

        memset(ret, 0, sizeof(*ret));
        if (address[0] == '/') {
                ((struct sockaddr_un *) ret)->sun_family = AF_UNIX;
                (void) snprintf(((struct sockaddr_un *) ret)->sun_path,
                                sizeof(struct sockaddr_un) - sizeof(sa_family_t), "%s", address);
                return sizeof(struct sockaddr_un);
        }
        if (inet_pton(AF_INET6, address, &in6->sin6_addr) == 1) {
                in6->sin6_family = AF_INET6;
                in6->sin6_port = htons((uint16_t) port);
                return sizeof(*in6);
        }
        in->sin_family = AF_INET;
        in->sin_port = htons((uint16_t) port);
        if (inet_pton(AF_INET, address, &in->sin_addr) != 1)
                die(address);
        return sizeof(*in);
}

static int listen_on(const char *address, unsigned port) {
        struct sockaddr_storage a;
        socklen_t n = make_address(address, port, &a);
        const int one = 1;
        int fd = check(socket(a.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");

        (void) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
        check(bind(fd, (struct sockaddr *) &a, n), "bind");
        check(listen(fd, 4096), "listen");
        return fd;
}

/* What clients connect to. */
static const char *client_address = "127.0.0.1";

static int connect_to(unsigned port) {
        struct sockaddr_storage a;
        socklen_t n = make_address(client_address, port, &a);
        const int one = 1;
        int fd = check(socket(a.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");

        check(connect(fd, (struct sockaddr *) &a, n), "connect");
        (void) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        return fd;
}

static void say(int fd, const char *text, size_t n) {
        if (send(fd, text, n, MSG_NOSIGNAL) != (ssize_t) n)
                die("send");
}

static void hear(int fd, const char *text, size_t n) {
        char buffer[64];

        if (recv(fd, buffer, n, MSG_WAITALL) != (ssize_t) n)
                die("receive");
        if (memcmp(buffer, text, n) != 0) {
                (void) fprintf(stderr, "another answer\n");
                exit(1);
        }
}

static void done(const char *text) {
        (void) puts(text);
        (void) fflush(stdout);
}

/* What has not found room is kept, and nothing more is read: then a client that does not read waits. */
typedef struct Client {
        char *kept;
        size_t n;
} Client;

static Client *clients;

static void drop(int fd) {
        free(clients[fd].kept);
        clients[fd] = (Client){NULL, 0};
        (void) close(fd);
}

/* Return: whether all of it was sent. */
static bool give(int epoll, int fd, const char *buffer, size_t n) {
        ssize_t sent = send(fd, buffer, n, MSG_NOSIGNAL | MSG_DONTWAIT);
        struct epoll_event event = {.events = EPOLLOUT, .data.fd = fd};
        char *rest;

        if (sent < 0 && errno != EAGAIN) {
                drop(fd);
                return false;
        }
        if (sent < 0)
                sent = 0;
        if ((size_t) sent == n)
                return true;
        rest = malloc(n - (size_t) sent);
        memcpy(rest, buffer + sent, n - (size_t) sent);
        free(clients[fd].kept);
        clients[fd] = (Client){rest, n - (size_t) sent};
        (void) epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event);
        return false;
}

static void serve_one(int epoll, int fd) {
        static char buffer[BUFFER];
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
        ssize_t n;

        if (clients[fd].kept) {
                char *kept = clients[fd].kept;
                size_t size = clients[fd].n;
                bool all;

                clients[fd] = (Client){NULL, 0};
                all = give(epoll, fd, kept, size);
                free(kept);
                if (all)
                        (void) epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event);
                return;
        }
        n = recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT);
        if (n > 0)
                (void) give(epoll, fd, buffer, (size_t) n);
        else if (n == 0 || errno != EAGAIN)
                drop(fd);
}

/* Of open files, as far as it goes. */
static size_t raise_limit(void) {
        struct rlimit limit;

        check(getrlimit(RLIMIT_NOFILE, &limit), "limit");
        limit.rlim_cur = limit.rlim_max;
        check(setrlimit(RLIMIT_NOFILE, &limit), "limit");
        return limit.rlim_max;
}

static void serve(const char *address, unsigned port) {
        int listener = listen_on(address, port), epoll = check(epoll_create1(EPOLL_CLOEXEC), "epoll");
        struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[256];

        clients = calloc(raise_limit(), sizeof(*clients));
        check(epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event), "epoll");
        done("listening");
        for (;;) {
                int n = epoll_wait(epoll, events, 256, -1);

                for (int i = 0; i < n; i++) {
                        if (events[i].data.fd != listener) {
                                serve_one(epoll, events[i].data.fd);
                                continue;
                        }
                        event.data.fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
                        if (event.data.fd >= 0)
                                check(epoll_ctl(epoll, EPOLL_CTL_ADD, event.data.fd, &event), "epoll");
                }
        }
}

static void short_ones(unsigned port, unsigned n, unsigned at_once) {
        pid_t pids[256];
        unsigned failed = 0;

        for (unsigned i = 0; i < at_once; i++) {
                pids[i] = check(fork(), "fork");
                if (pids[i] > 0)
                        continue;
                for (unsigned k = i; k < n; k += at_once) {
                        int fd = connect_to(port);

                        say(fd, "hello\n", 6);
                        hear(fd, "hello\n", 6);
                        (void) close(fd);
                }
                exit(0);
        }
        for (unsigned i = 0; i < at_once; i++) {
                int status;

                (void) waitpid(pids[i], &status, 0);
                failed += status != 0;
        }
        if (failed > 0)
                exit(1);
        done("all");
}

static void wait_for_input(void) {
        char byte;

        while (read(STDIN_FILENO, &byte, 1) > 0)
                ;
}

static void idle(unsigned port, unsigned n) {
        int *fds = calloc(n, sizeof(*fds));

        for (unsigned k = 0; k < 2; k++) {
                for (unsigned i = 0; i < n; i++) {
                        if (k == 0)
                                fds[i] = connect_to(port);
                        say(fds[i], "hello\n", 6);
                }
                for (unsigned i = 0; i < n; i++)
                        hear(fds[i], "hello\n", 6);
                done(k == 0 ? "open" : "all");
                if (k == 0)
                        wait_for_input();
        }
}

static void mute(unsigned port, unsigned n) {
        (void) raise_limit();
        for (unsigned i = 0; i < n; i++)
                (void) connect_to(port);
        done("open");
        wait_for_input();
}

static void slow(unsigned port, unsigned n) {
        static char buffer[BUFFER];

        for (unsigned i = 0; i < n; i++) {
                int fd = connect_to(port);

                for (unsigned k = 0; k < 64; k++)
                        (void) send(fd, buffer, sizeof(buffer), MSG_NOSIGNAL | MSG_DONTWAIT);
        }
        done("open");
        wait_for_input();
}

static void answer(unsigned port) {
        char buffer[64] = {0};
        int fd = connect_to(port);

        say(fd, "question\n", 9);
        check(shutdown(fd, SHUT_WR), "shutdown");
        if (recv(fd, buffer, sizeof(buffer) - 1, MSG_WAITALL) < 0)
                die("receive");
        (void) fputs(buffer, stdout);
}

static void pingpong(unsigned port, unsigned n) {
        int fd = connect_to(port);
        double before;

        say(fd, "x", 1);
        hear(fd, "x", 1);
        before = now();
        for (unsigned i = 0; i < n; i++) {
                say(fd, "x", 1);
                hear(fd, "x", 1);
        }
        (void) printf("%.0f\n", (now() - before) / n * 1e9);
}

static void send_all(int fd, size_t bytes) {
        static char buffer[BUFFER];

        while (bytes > 0) {
                ssize_t k = send(fd, buffer, bytes < BUFFER ? bytes : BUFFER, MSG_NOSIGNAL);

                if (k <= 0)
                        die("send");
                bytes -= (size_t) k;
        }
}

static void receive_all(int fd, size_t bytes) {
        static char buffer[BUFFER];
        size_t received = 0;
        ssize_t k;

        while (received < bytes && (k = recv(fd, buffer, sizeof(buffer), 0)) > 0)
                received += (size_t) k;
        if (received != bytes) {
                (void) fprintf(stderr, "%zu of %zu bytes came back\n", received, bytes);
                exit(1);
        }
}

static void bulk(unsigned port, unsigned n, size_t bytes) {
        double before = now();
        int failed = 0, status;

        for (unsigned i = 0; i < n; i++) {
                if (check(fork(), "fork") == 0) {
                        int fd = connect_to(port);

                        if (check(fork(), "fork") == 0) {
                                send_all(fd, bytes);
                                exit(0);
                        }
                        receive_all(fd, bytes);
                        exit(0);
                }
        }
        while (wait(&status) > 0)
                failed += status != 0;
        if (failed > 0)
                exit(1);
        (void) printf("%.0f\n", (double) n * (double) bytes / 1e6 / (now() - before));
}

static void serve_datagrams(const char *address, unsigned port) {
        static char buffer[65536];
        struct sockaddr_storage a;
        socklen_t n = make_address(address, port, &a);
        int fd = check(socket(a.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");

        check(bind(fd, (struct sockaddr *) &a, n), "bind");
        done("listening");
        for (;;) {
                ssize_t k;

                n = sizeof(a);
                k = recvfrom(fd, buffer, sizeof(buffer), 0, (struct sockaddr *) &a, &n);
                if (k >= 0)
                        (void) sendto(fd, buffer, (size_t) k, 0, (struct sockaddr *) &a, n);
        }
}

static int connect_datagrams(unsigned port, time_t patience_sec) {
        struct sockaddr_storage a;
        socklen_t n = make_address("127.0.0.1", port, &a);
        int fd = check(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");
        const struct timeval patience = {patience_sec, 0};

        check(connect(fd, (struct sockaddr *) &a, n), "connect");
        check(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), "timeout");
        return fd;
}

static void upingpong(unsigned port, unsigned n, size_t size) {
        static char buffer[65536];
        int fd = connect_datagrams(port, 30);
        double before = 0;

        for (unsigned i = 0; i <= n; i++) {
                if (i == 1)
                        before = now();
                check((int) send(fd, buffer, size, 0), "send");
                if (recv(fd, buffer, sizeof(buffer), 0) != (ssize_t) size)
                        die("receive");
        }
        (void) printf("%.0f\n", n > 0 ? (now() - before) / n * 1e9 : 0);
}

/* One that does not come back within a second is lost. */
static void ubulk(unsigned port, unsigned n, size_t size, unsigned at_once) {
        static char buffer[65536];
        int fd = connect_datagrams(port, 1);
        unsigned sent = 0, heard = 0, lost = 0;
        double before = now();

        while (heard + lost < n) {
                while (sent < n && sent - heard - lost < at_once) {
                        check((int) send(fd, buffer, size, 0), "send");
                        sent++;
                }
                if (recv(fd, buffer, sizeof(buffer), 0) >= 0)
                        heard++;
                else
                        lost = sent - heard;
        }
        (void) printf("%.0f %u\n", heard / (now() - before), lost);
}

static void uflood(unsigned port, unsigned n) {
        static const char buffer[512];
        int *fds = calloc(n, sizeof(*fds));

        for (unsigned i = 0; i < n; i++)
                fds[i] = connect_datagrams(port, 1);
        for (;;)
                for (unsigned i = 0; i < n; i++)
                        if (send(fds[i], buffer, sizeof(buffer), 0) < 0 && errno == ECONNREFUSED)
                                return done("refused");
}

static void splice_one(int from, int to) {
        int pipes[2];
        ssize_t n;

        check(pipe2(pipes, O_CLOEXEC), "pipe");
        (void) fcntl(pipes[0], F_SETPIPE_SZ, 256 * 1024);
        while ((n = splice(from, NULL, pipes[1], NULL, 256 * 1024, SPLICE_F_MOVE)) > 0)
                while (n > 0) {
                        ssize_t k = splice(pipes[0], NULL, to, NULL, (size_t) n, SPLICE_F_MOVE);

                        if (k <= 0)
                                exit(1);
                        n -= k;
                }
        (void) shutdown(to, SHUT_WR);
        exit(0);
}

static void splice_all(unsigned port, unsigned target) {
        int listener = listen_on("127.0.0.1", port);

        (void) signal(SIGCHLD, SIG_IGN);
        done("listening");
        for (;;) {
                int from = accept4(listener, NULL, NULL, SOCK_CLOEXEC), to = connect_to(target);
                const int one = 1;

                (void) setsockopt(from, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
                if (check(fork(), "fork") == 0)
                        splice_one(from, to);
                if (check(fork(), "fork") == 0)
                        splice_one(to, from);
                (void) close(from);
                (void) close(to);
        }
}

int main(int argc, char **argv) {
        const char *verb = argc > 1 ? argv[1] : "";
        struct rlimit limit;

        if (argc > 2 && argv[2][0] == '/')
                client_address = argv[2];
        if (getrlimit(RLIMIT_NOFILE, &limit) >= 0) {
                limit.rlim_cur = limit.rlim_max;
                (void) setrlimit(RLIMIT_NOFILE, &limit);
        }
        if (argc == 4 && strcmp(verb, "serve") == 0)
                serve(argv[2], number(argv[3]));
        else if (argc == 5 && strcmp(verb, "short") == 0)
                short_ones(number(argv[2]), number(argv[3]), number(argv[4]));
        else if (argc == 4 && strcmp(verb, "idle") == 0)
                idle(number(argv[2]), number(argv[3]));
        else if (argc == 4 && strcmp(verb, "mute") == 0)
                mute(number(argv[2]), number(argv[3]));
        else if (argc == 4 && strcmp(verb, "slow") == 0)
                slow(number(argv[2]), number(argv[3]));
        else if (argc == 3 && strcmp(verb, "answer") == 0)
                answer(number(argv[2]));
        else if (argc == 4 && strcmp(verb, "pingpong") == 0)
                pingpong(number(argv[2]), number(argv[3]));
        else if (argc == 5 && strcmp(verb, "bulk") == 0)
                bulk(number(argv[2]), number(argv[3]), strtoul(argv[4], NULL, 10));
        else if (argc == 4 && strcmp(verb, "userve") == 0)
                serve_datagrams(argv[2], number(argv[3]));
        else if (argc == 5 && strcmp(verb, "upingpong") == 0)
                upingpong(number(argv[2]), number(argv[3]), number(argv[4]));
        else if (argc == 6 && strcmp(verb, "ubulk") == 0)
                ubulk(number(argv[2]), number(argv[3]), number(argv[4]), number(argv[5]));
        else if (argc == 4 && strcmp(verb, "uflood") == 0)
                uflood(number(argv[2]), number(argv[3]));
        else if (argc == 4 && strcmp(verb, "splice") == 0)
                splice_all(number(argv[2]), number(argv[3]));
        else {
                (void) fprintf(stderr, "usage: see traffic.c\n");
                return 2;
        }
        return 0;
}
