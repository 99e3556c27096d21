/* SPDX-License-Identifier: MIT */

#include "test.h"

#include <arpa/inet.h>
#include <fcntl.h>

#include "base/alloc.h"
#include "base/process.h"
#include "keeper/resolver.h"

TEST(parse) {
        static const struct {
                const char *text, *address; /* NULL: none */
        } rows[] = {
                {"nameserver 192.0.2.53\n", "192.0.2.53"},
                {"# nameserver 192.0.2.1\nsearch lan\nnameserver ::1\nnameserver\t192.0.2.53", "192.0.2.53"},
                {"nameserver 192.0.2.53\nnameserver 192.0.2.54\n", "192.0.2.53"},
                {"nameserver 192.0.2.53 # mine\r\n", "192.0.2.53"},
                {"", NULL},
                {"nameserver", NULL},
                {"nameserver \n192.0.2.1\n", NULL},
                {"nameservers 192.0.2.1\n", NULL},
                {" nameserver 192.0.2.1\n", NULL},
                {"nameserver 192.0.2\n", NULL},
                {"nameserver 192.0.2.1.111111111111111111\n", NULL},
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                char text[INET_ADDRSTRLEN];
                struct in_addr in;

                test_set_row("%zu", i);
                ASSERT_EQ(resolver_parse(rows[i].text, &in), rows[i].address != NULL);
                if (rows[i].address)
                        ASSERT_STREQ(inet_ntop(AF_INET, &in, text, sizeof(text)), rows[i].address);
        }
}

typedef struct Setup {
        char dir[32];
        char *path;
        sd_event *event;
        ResolverWatch *watch;
        unsigned n_changes;
} Setup;

static void on_change(void *userdata) {
        Setup *s = userdata;

        s->n_changes++;
}

/* A file of its own, which then gets the other's name where @replaced. */
static void write_file(const Setup *s, const char *name, const char *text, const char *replaced) {
        _cleanup_free_ char *path = xasprintf("%s/%s", s->dir, name),
                            *other = replaced ? xasprintf("%s/%s", s->dir, replaced) : NULL;
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

        ASSERT_OK(fd);
        ASSERT_EQ(write(fd, text, strlen(text)), (ssize_t) strlen(text));
        if (other)
                ASSERT_OK(rename(path, other));
}

static void setup_open(Setup *s) {
        *s = (Setup){.dir = "/tmp/fc-test-resolver-XXXXXX"};
        ASSERT_TRUE(mkdtemp(s->dir));
        s->path = xasprintf("%s/resolv.conf", s->dir);
        write_file(s, "resolv.conf", "nameserver 192.0.2.1\n", NULL);
        ASSERT_OK(sd_event_new(&s->event));
        s->watch = resolver_watch_new(s->event, s->path, on_change, s);
        ASSERT_TRUE(s->watch);
        resolver_watch_take(s->watch);
}

/* All that has happened is told at once, so nothing is waited for. */
static unsigned changes(Setup *s) {
        unsigned before = s->n_changes;

        while (sd_event_run(s->event, 0) > 0)
                continue;
        return s->n_changes - before;
}

static void setup_done(Setup *s) {
        const char *const names[] = {"resolv.conf", "new", "vpn/resolv.conf", "vpn"};

        (void) resolver_watch_free(s->watch);
        (void) sd_event_unref(s->event);
        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                _cleanup_free_ char *path = xasprintf("%s/%s", s->dir, names[i]);

                (void) remove(path);
        }
        ASSERT_OK(rmdir(s->dir));
        free(s->path);
}

TEST(another_resolver) {
        Setup s;

        setup_open(&s);
        write_file(&s, "resolv.conf", "nameserver 192.0.2.2\n", NULL);
        ASSERT_EQ(changes(&s), 1u);
        write_file(&s, "new", "nameserver 192.0.2.3\n", "resolv.conf");
        ASSERT_EQ(changes(&s), 1u);
        /* What has its place now is watched, too. */
        write_file(&s, "resolv.conf", "nameserver 192.0.2.4\n", NULL);
        ASSERT_EQ(changes(&s), 1u);
        setup_done(&s);
}

/* A lease that is renewed, and a file that is being written. */
TEST(the_same_resolver) {
        Setup s;

        setup_open(&s);
        write_file(&s, "resolv.conf", "# again\nsearch lan\nnameserver 192.0.2.1\n", NULL);
        write_file(&s, "new", "nameserver 192.0.2.1\nnameserver 192.0.2.9\n", "resolv.conf");
        write_file(&s, "other", "nameserver 192.0.2.7\n", "new");
        write_file(&s, "resolv.conf", "", NULL);
        ASSERT_EQ(changes(&s), 0u);
        write_file(&s, "resolv.conf", "nameserver 192.0.2.1\n", NULL);
        ASSERT_EQ(changes(&s), 0u);
        setup_done(&s);
}

/* As a VPN's program has a file of its own, and a network manager a directory. */
TEST(a_link) {
        _cleanup_free_ char *vpn = NULL;
        Setup s;

        setup_open(&s);
        vpn = xasprintf("%s/vpn", s.dir);
        ASSERT_OK(mkdir(vpn, 0755));
        write_file(&s, "vpn/resolv.conf", "nameserver 192.0.2.2\n", NULL);
        ASSERT_EQ(changes(&s), 0u);
        ASSERT_OK(unlink(s.path));
        ASSERT_OK(symlink("vpn/resolv.conf", s.path));
        ASSERT_EQ(changes(&s), 1u);
        write_file(&s, "new", "nameserver 192.0.2.3\n", "vpn/resolv.conf");
        ASSERT_EQ(changes(&s), 1u);
        setup_done(&s);
}
