/* SPDX-License-Identifier: MIT */

#include <sys/socket.h>

#include "keeper/control.h"
#include "keeper/nspawn-notify.h"
#include "test.h"

static void pair_new(int fds[2]) {
        ASSERT_OK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds));
}

TEST(carries_every_kind) {
        ControlMessage m;
        int fds[2];

        pair_new(fds);
        for (ControlKind kind = 0; kind < _CONTROL_KIND_MAX; kind++) {
                control_send(fds[0], kind, "a text: with = and spaces ");
                ASSERT_EQ(control_receive(fds[1], &m), 1);
                ASSERT_EQ(m.kind, kind);
                ASSERT_STREQ(m.text, "a text: with = and spaces ");
        }
        control_send(fds[0], CONTROL_READY, NULL);
        ASSERT_EQ(control_receive(fds[1], &m), 1);
        ASSERT_STREQ(m.text, "");
        (void) close(fds[0]);
        (void) close(fds[1]);
}

TEST(status_leaves_room) {
        ControlMessage m;
        unsigned n = 0;
        int fds[2];

        pair_new(fds);
        for (size_t i = 0; i < 10000; i++)
                control_send(fds[0], CONTROL_STATUS, "db.service/start running (2s / 2min)");
        control_send(fds[0], CONTROL_LEADER, "7");
        control_send(fds[0], CONTROL_READY, NULL);
        do
                ASSERT_EQ(control_receive(fds[1], &m), 1);
        while (m.kind == CONTROL_STATUS && ++n);
        ASSERT_TRUE(n > 10);
        ASSERT_EQ(m.kind, CONTROL_LEADER);
        ASSERT_EQ(control_receive(fds[1], &m), 1);
        ASSERT_EQ(m.kind, CONTROL_READY);
        ASSERT_EQ(control_receive(fds[1], &m), -EAGAIN);
        (void) close(fds[0]);
        (void) close(fds[1]);
}

TEST(cuts_what_is_too_long) {
        char text[2 * CONTROL_MESSAGE_MAX];
        ControlMessage m;
        int fds[2];

        memset(text, 'x', sizeof(text) - 1);
        text[sizeof(text) - 1] = '\0';
        pair_new(fds);
        control_send(fds[0], CONTROL_STATUS, text);
        ASSERT_EQ(control_receive(fds[1], &m), 1);
        ASSERT_EQ(m.kind, CONTROL_STATUS);
        ASSERT_EQ(m.text[strspn(m.text, "x")], '\0');
        (void) close(fds[0]);
        (void) close(fds[1]);
}

TEST(tells_apart) {
        static const char *const garbage[] = {"", "READY", "NONSENSE text", " READY", "ready x"};
        ControlMessage m;
        int fds[2];

        pair_new(fds);
        ASSERT_EQ(control_receive(fds[1], &m), -EAGAIN);
        for (size_t i = 1; i < ELEMENTSOF(garbage); i++) {
                test_set_row("%s", garbage[i]);
                ASSERT_OK(send(fds[0], garbage[i], strlen(garbage[i]), 0));
                ASSERT_EQ(control_receive(fds[1], &m), -EBADMSG);
        }
        (void) close(fds[0]);
        ASSERT_EQ(control_receive(fds[1], &m), 0);
        (void) close(fds[1]);
}

/* The supervisor goes on without a reader: closed, slow, or none at all. */
TEST(sending_never_hurts) {
        int fds[2];

        control_send(-EBADF, CONTROL_READY, NULL);
        pair_new(fds);
        for (unsigned i = 0; i < 10000; i++)
                control_send(fds[0], CONTROL_STATUS, "into a full buffer");
        (void) close(fds[1]);
        control_send(fds[0], CONTROL_READY, NULL);
        (void) close(fds[0]);
}

TEST(status_of_nspawn) {
        static const char *const table[][2] = {
                {"", ""},
                {"Container running.", ""},
                {"Container started.", ""},
                {"Container running: Startup finished in 1s.", "Startup finished in 1s."},
                {"Container running: User job a.service/start running (2s / 2min)...",
                 "a.service/start running (2s / 2min)"},
                {"Container running: Job a.service/start running (2s / no limit)...",
                 "a.service/start running (2s / no limit)"},
                {"Starting...", "Starting"},
                {"...", "..."},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_free_ char *text = nspawn_status_text(table[i][0]);

                test_set_row("%s", table[i][0]);
                ASSERT_STREQ(text, table[i][1]);
        }
}
