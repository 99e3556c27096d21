/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/alloc.h"
#include "base/process.h"
#include "base/scm.h"
#include "keeper/command-notify.h"
#include "test.h"

typedef struct Socket {
        char folder[32], path[64];
        int fd, client;
} Socket;

static void socket_done(Socket *s) {
        (void) safe_close(s->fd);
        (void) safe_close(s->client);
        (void) unlink(s->path);
        (void) rmdir(s->folder);
}

static void socket_open(Socket *s) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        _cleanup_(error_done) Error error = ERROR_NULL;

        *s = (Socket){.folder = "/tmp/fc-notify-XXXXXX", .fd = -EBADF, .client = -EBADF};
        ASSERT_TRUE(mkdtemp(s->folder));
        (void) snprintf(s->path, sizeof(s->path), "%s/notify", s->folder);
        s->fd = command_notify_open(s->path, &error);
        ASSERT_OK(s->fd);
        (void) stpcpy(address.sun_path, s->path);
        s->client = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        ASSERT_OK(s->client);
        ASSERT_OK(connect(s->client, (struct sockaddr *) &address, sizeof(address)));
}

static size_t count_fds(void) {
        size_t n = 0;

        for (int fd = 0; fd < 2048; fd++)
                n += fcntl(fd, F_GETFD) >= 0;
        return n;
}

TEST(every_user_inside_may_notify) {
        _cleanup_(socket_done) Socket s;
        struct stat st;

        socket_open(&s);
        ASSERT_OK(stat(s.path, &st));
        ASSERT_EQ(st.st_mode & 07777, 0666);
}

TEST(takes_the_place_of_an_old_socket) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_(socket_done) Socket s;
        _cleanup_close_ int fd = -EBADF;

        socket_open(&s);
        fd = command_notify_open(s.path, &error);
        ASSERT_OK(fd);
        ASSERT_TRUE(!error_is_set(&error));
}

TEST(says_nothing_but_readiness_and_status) {
        static const struct {
                const char *text;
                bool ready;
                const char *status;
        } table[] = {
                {"READY=1", true, NULL},
                {"STATUS=thinking\nREADY=1\n", true, "thinking"},
                {"X_NSPAWN_LEADER_PID=1\nSTATUS=x", false, "x"},
                {"MAINPID=1\nWATCHDOG=trigger\nFDSTORE=1", false, NULL},
                {"READY=10", false, NULL},
                {"", false, NULL},
        };
        _cleanup_(socket_done) Socket s;

        socket_open(&s);
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(nspawn_notice_done) NspawnNotice notice = {0};

                test_set_row("%s", table[i].text);
                ASSERT_OK(send(s.client, table[i].text, strlen(table[i].text), 0));
                ASSERT_EQ(command_notify_receive(s.fd, &notice), 1);
                ASSERT_EQ(notice.ready, table[i].ready);
                ASSERT_EQ(notice.leader, 0);
                ASSERT_TRUE(streq_ptr(notice.status, table[i].status));
                ASSERT_EQ(command_notify_receive(s.fd, &notice), 0);
        }
}

TEST(keeps_no_descriptor_that_comes_with_it) {
        int fds[SCM_FDS_MAX];
        _cleanup_(nspawn_notice_done) NspawnNotice notice = {0};
        _cleanup_(socket_done) Socket s;
        size_t before;

        socket_open(&s);
        before = count_fds();
        for (size_t i = 0; i < ELEMENTSOF(fds); i++)
                fds[i] = s.client;
        ASSERT_OK(scm_send(s.client, "READY=1", 7, fds, ELEMENTSOF(fds)));
        ASSERT_EQ(command_notify_receive(s.fd, &notice), 1);
        ASSERT_TRUE(notice.ready);
        ASSERT_OK(scm_send(s.client, "READY=1", 7, fds, ELEMENTSOF(fds)));
        command_notify_drain(s.fd);
        ASSERT_EQ(count_fds(), before);
}

TEST(forgets_what_was_sent) {
        _cleanup_(nspawn_notice_done) NspawnNotice notice = {0};
        _cleanup_(socket_done) Socket s;

        socket_open(&s);
        for (int i = 0; i < 3; i++)
                ASSERT_OK(send(s.client, "READY=1", 7, 0));
        command_notify_drain(s.fd);
        ASSERT_EQ(command_notify_receive(s.fd, &notice), 0);
}

static int on_notify(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        _cleanup_(nspawn_notice_done) NspawnNotice notice = {0};

        *(unsigned *) userdata += (unsigned) command_notify_receive(fd, &notice);
        return 0;
}

/* The pause begins while there is still something to read. */
TEST(a_flood_is_left_waiting) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        uint64_t end = now_usec() + 60 * USEC_PER_SEC;
        _cleanup_(socket_done) Socket s;
        sd_event_source *source = NULL;
        sd_event *event = NULL;
        unsigned heard = 0;

        socket_open(&s);
        ASSERT_OK(sd_event_new(&event));
        ASSERT_OK(command_notify_watch(event, s.fd, on_notify, &heard, &source, &error));
        while (sd_event_source_is_ratelimited(source) == 0) {
                ASSERT_TRUE(now_usec() < end);
                while (send(s.client, "STATUS=x", 8, 0) >= 0)
                        ;
                ASSERT_OK(sd_event_run(event, 0));
        }
        ASSERT_TRUE(heard > 0);
        sd_event_source_disable_unref(source);
        (void) sd_event_unref(event);
}
