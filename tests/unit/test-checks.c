/* SPDX-License-Identifier: MIT */

/* The checks against sockets of this machine: the target is this process itself, whose namespaces are its
 * own. What happens inside a container, tests/live/ready.sh tries. */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/alloc.h"
#include "base/process.h"
#include "ready/checks.h"
#include "test.h"

typedef struct Fixture {
        sd_event *event;
        EnterTarget target;
        Checks *checks;
        unsigned changes;
        bool done;
        Error error;
} Fixture;

static void fixture_done(Fixture *f) {
        (void) checks_free(f->checks);
        enter_target_done(&f->target);
        (void) sd_event_unref(f->event);
        error_done(&f->error);
}

static void on_changed(void *userdata) {
        ((Fixture *) userdata)->changes++;
}

static void on_done(void *userdata) {
        Fixture *f = userdata;

        f->done = true;
        f->checks = checks_free(f->checks); /* as its owner does */
        (void) sd_event_exit(f->event, 0);
}

static int on_time(sd_event_source *s, uint64_t usec, void *userdata) {
        (void) sd_event_exit(((Fixture *) userdata)->event, 0);
        return 0;
}

static void begin(Fixture *f, const ReadyChecks *what) {
        ChecksRequest request = {
                .target = &f->target,
                .container = "c",
                .leader = getpid(),
                .payload_cgroup_fd = -EBADF,
                .checks = what,
                .changed = on_changed,
                .done = on_done,
                .userdata = f,
        };

        f->target = ENTER_TARGET_NULL;
        ASSERT_OK(sd_event_new(&f->event));
        request.event = f->event;
        ASSERT_OK(enter_target_open(getpid(), &f->target, &f->error), &f->error);
        ASSERT_OK(checks_new(&request, &f->checks, &f->error), &f->error);
        ASSERT_TRUE(!f->done);
}

/* Until all have succeeded, or for so long. */
static void run(Fixture *f, uint64_t usec) {
        ASSERT_OK(sd_event_add_time_relative(f->event, NULL, CLOCK_MONOTONIC, usec, 1, on_time, f));
        ASSERT_OK(sd_event_loop(f->event));
}

/* A listener on a free port. */
static int listen_on(int family, uint16_t *ret_port) {
        struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
        struct sockaddr *address = family == AF_INET ? (struct sockaddr *) &v4 : (struct sockaddr *) &v6;
        socklen_t size = family == AF_INET ? sizeof(v4) : sizeof(v6);
        int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

        if (fd < 0 || bind(fd, address, size) < 0)
                return -1;
        ASSERT_EQ(listen(fd, 8), 0);
        ASSERT_EQ(getsockname(fd, address, &size), 0);
        *ret_port = ntohs(family == AF_INET ? v4.sin_port : v6.sin6_port);
        return fd;
}

/* Says `text` to each client that connects; "" is nothing, and NULL closes at once. */
typedef struct Server {
        int fd;
        const char *text;
        unsigned n;
        int open;
} Server;

static int on_client(sd_event_source *s, int fd, uint32_t events, void *userdata) {
        Server *server = userdata;
        int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

        ASSERT_TRUE(client >= 0);
        server->n++;
        if (server->text && server->text[0])
                (void) !write(client, server->text, strlen(server->text));
        (void) safe_close(server->open);
        server->open = client;
        if (!server->text)
                server->open = safe_close(server->open);
        return 0;
}

/* Which one has not succeeded yet, as it is shown; NULL: all have. */
static char *checks_text(const Checks *checks) {
        ReadyProgress progress = checks_progress(checks);

        return progress.check ? ready_progress_to_string(&progress) : NULL;
}

TEST(ports_of_either_family) {
        _cleanup_(fixture_done) Fixture f = {};
        uint16_t ports[2];
        ReadyChecks what = {.tcp = ports, .n_tcp = 1};
        _cleanup_close_ int v4 = listen_on(AF_INET, &ports[0]), v6 = listen_on(AF_INET6, &ports[1]);

        ASSERT_TRUE(v4 >= 0);
        if (v6 >= 0)
                what.n_tcp = 2;
        begin(&f, &what);
        run(&f, 10 * USEC_PER_SEC);
        ASSERT_TRUE(f.done);
}

TEST(a_port_that_opens_later) {
        _cleanup_(fixture_done) Fixture f = {};
        uint16_t port;
        ReadyChecks what = {.tcp = &port, .n_tcp = 1};
        _cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t size = sizeof(address);
        _cleanup_free_ char *waiting = NULL, *expected = NULL;

        ASSERT_EQ(bind(fd, (struct sockaddr *) &address, size), 0);
        ASSERT_EQ(getsockname(fd, (struct sockaddr *) &address, &size), 0);
        port = ntohs(address.sin_port);
        begin(&f, &what);
        run(&f, 300 * USEC_PER_MSEC);
        ASSERT_TRUE(!f.done);
        waiting = checks_text(f.checks);
        expected = xasprintf("tcp %u: Connection refused", port);
        ASSERT_STREQ(waiting, expected);
        /* What is said again is not told again. */
        ASSERT_EQ(f.changes, 1);

        ASSERT_EQ(listen(fd, 1), 0);
        (void) sd_event_unref(f.event);
        f.event = NULL;
        f.checks = checks_free(f.checks);
        enter_target_done(&f.target);
        begin(&f, &what);
        run(&f, 10 * USEC_PER_SEC);
        ASSERT_TRUE(f.done);
}

TEST(http) {
        static const struct {
                const char *answer, *waiting; /* NULL: it succeeds */
        } table[] = {
                {"HTTP/1.1 200 OK\r\n\r\n", NULL},
                {"HTTP/1.1 399 Well\r\n\r\n", NULL},
                {"HTTP/1.1 503 Busy\r\n\r\n", "status 503"},
                {"HTTP/1.1 199 Hm\r\n\r\n", "status 199"},
                {"220 mail\r\n", "the answer is not HTTP"},
                {NULL, "closed without an answer"},
                {"", NULL}, /* no answer at all: nothing is known yet */
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                HttpCheck check = {.path = (char *) "/up", .status_min = 200, .status_max = 399};
                ReadyChecks what = {.http = &check, .n_http = 1};
                _cleanup_(fixture_done) Fixture f = {};
                Server server = {.text = table[i].answer, .open = -EBADF};
                _cleanup_free_ char *waiting = NULL;
                bool mute = table[i].answer && !table[i].answer[0];

                test_set_row("%zu: %s", i, table[i].answer ? table[i].answer : "(none)");
                server.fd = listen_on(AF_INET, &check.port);
                begin(&f, &what);
                ASSERT_OK(sd_event_add_io(f.event, NULL, server.fd, EPOLLIN, on_client, &server));
                run(&f, table[i].waiting || mute ? 300 * USEC_PER_MSEC : 10 * USEC_PER_SEC);
                ASSERT_EQ(f.done, !table[i].waiting && !mute);
                if (table[i].waiting) {
                        waiting = checks_text(f.checks);
                        /* A peer that closes with our request unread resets the connection. */
                        ASSERT_TRUE(strstr(waiting, table[i].waiting) || strstr(waiting, "reset"));
                        /* It tried again, with pauses that grow. */
                        ASSERT_TRUE(server.n >= 3 && server.n <= 20);
                }
                (void) safe_close(server.open);
                (void) safe_close(server.fd);
        }
}

TEST(unix_sockets) {
        static const int types[] = {SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM};
        char directory[] = "/tmp/test-checks-XXXXXX";

        ASSERT_TRUE(mkdtemp(directory));
        for (size_t i = 0; i < ELEMENTSOF(types); i++) {
                struct sockaddr_un address = {.sun_family = AF_UNIX};
                _cleanup_close_ int fd = socket(AF_UNIX, types[i] | SOCK_CLOEXEC, 0);
                _cleanup_(fixture_done) Fixture f = {}, g = {};
                char *paths[] = {address.sun_path, NULL};
                ReadyChecks what = {.sockets = paths};
                _cleanup_free_ char *waiting = NULL;

                test_set_row("type %d", types[i]);
                (void) snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", directory);
                begin(&f, &what);
                run(&f, 100 * USEC_PER_MSEC);
                ASSERT_TRUE(!f.done);
                waiting = checks_text(f.checks);
                ASSERT_TRUE(strstr(waiting, "/socket: No such file or directory"));

                ASSERT_EQ(bind(fd, (struct sockaddr *) &address, sizeof(address)), 0);
                if (types[i] != SOCK_DGRAM)
                        ASSERT_EQ(listen(fd, 4), 0);
                begin(&g, &what);
                run(&g, 10 * USEC_PER_SEC);
                ASSERT_TRUE(g.done);
                ASSERT_EQ(unlink(address.sun_path), 0);
        }
        ASSERT_EQ(rmdir(directory), 0);
}

TEST(a_file_is_no_socket) {
        char *paths[] = {(char *) "/etc/passwd", NULL};
        ReadyChecks what = {.sockets = paths};
        _cleanup_(fixture_done) Fixture f = {};
        _cleanup_free_ char *waiting = NULL;

        begin(&f, &what);
        run(&f, 100 * USEC_PER_MSEC);
        ASSERT_TRUE(!f.done);
        waiting = checks_text(f.checks);
        ASSERT_STREQ(waiting, "unix /etc/passwd: Connection refused");
}

/* All have to succeed, and the one that has not is named. */
TEST(side_by_side) {
        uint16_t ports[2] = {0, 1};
        ReadyChecks what = {.tcp = ports, .n_tcp = 2};
        _cleanup_(fixture_done) Fixture f = {};
        _cleanup_free_ char *waiting = NULL;
        _cleanup_close_ int fd = listen_on(AF_INET, &ports[0]);

        ASSERT_TRUE(fd >= 0);
        begin(&f, &what);
        run(&f, 100 * USEC_PER_MSEC);
        ASSERT_TRUE(!f.done);
        waiting = checks_text(f.checks);
        ASSERT_STREQ(waiting, "tcp 1: Connection refused");
}
