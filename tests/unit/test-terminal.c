/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <pty.h>
#include <string.h>

#include "enter/terminal.h"
#include "test.h"

TEST(escape_needs_three_within_a_second) {
        static const struct {
                const char *typed[4];
                uint64_t at[4];
                bool result;
        } table[] = {
                {{"\x1d\x1d\x1d"}, {0}, true},
                {{"\x1d", "\x1d", "\x1d"}, {0, 400000, 900000}, true},
                {{"ab\x1d", "\x1d\x1d"}, {5000000, 5100000}, true},
                {{"\x1d\x1d"}, {0}, false},
                {{"\x1d\x1d", "x", "\x1d"}, {0, 1, 2}, false},
                {{"\x1d\x1dx\x1d"}, {0}, false},
                {{"\x1d", "\x1d", "\x1d"}, {0, 400000, 1000001}, false},
                {{"\x1d", "\x1d", "\x1d\x1d"}, {0, 400000, 1500000}, false},
                {{"", "\x03\x04\x1c]]]"}, {0, 1}, false},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                Escape escape = {0};
                bool result = false;

                test_set_row("%zu", i);
                for (size_t j = 0; j < 4 && table[i].typed[j]; j++)
                        result = escape_feed(&escape, table[i].typed[j], strlen(table[i].typed[j]),
                                             table[i].at[j]);
                ASSERT_EQ(result, table[i].result);
        }
}

static bool is_same(const struct termios *a, const struct termios *b) {
        return a->c_iflag == b->c_iflag && a->c_oflag == b->c_oflag && a->c_lflag == b->c_lflag &&
               a->c_cflag == b->c_cflag && memcmp(a->c_cc, b->c_cc, sizeof(a->c_cc)) == 0;
}

TEST(raw_and_back) {
        _cleanup_close_ int master = -EBADF, slave = -EBADF;
        _cleanup_(terminal_restore) Terminal terminal = TERMINAL_NULL;
        struct termios before, raw, now;

        ASSERT_OK(openpty(&master, &slave, NULL, NULL, NULL));
        ASSERT_OK(tcgetattr(slave, &before));
        before.c_cc[VINTR] = 'q'; /* something of the user's own */
        ASSERT_OK(tcsetattr(slave, TCSANOW, &before));

        ASSERT_OK(terminal_make_raw(&terminal, slave, NULL));
        ASSERT_OK(tcgetattr(slave, &raw));
        ASSERT_EQ(raw.c_lflag & (ICANON | ECHO | ISIG), 0u);
        ASSERT_EQ(raw.c_oflag & OPOST, 0u);

        /* A shell that brings us back has its own idea. */
        ASSERT_OK(tcsetattr(slave, TCSANOW, &before));
        terminal_renew_raw(&terminal);
        ASSERT_OK(tcgetattr(slave, &now));
        ASSERT_TRUE(is_same(&now, &raw));

        terminal_restore(&terminal);
        ASSERT_OK(tcgetattr(slave, &now));
        ASSERT_TRUE(is_same(&now, &before));

        /* Twice does no harm, and afterwards it is not ours any more. */
        terminal_restore(&terminal);
        terminal_renew_raw(&terminal);
        ASSERT_OK(tcgetattr(slave, &now));
        ASSERT_TRUE(is_same(&now, &before));
}

TEST(refuses_what_is_no_terminal) {
        _cleanup_close_ int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
        _cleanup_(error_done) Error error = ERROR_NULL;
        Terminal terminal = TERMINAL_NULL;

        ASSERT_ERROR(terminal_make_raw(&terminal, fd, &error), &error, FC_EXIT_INTERNAL,
                     "terminal's settings");
        ASSERT_TRUE(!terminal.raw);
}

TEST(size_of_a_terminal_and_of_none) {
        _cleanup_close_ int master = -EBADF, slave = -EBADF, null = open("/dev/null", O_RDWR | O_CLOEXEC);
        struct winsize size = {.ws_row = 33, .ws_col = 101}, found;

        ASSERT_OK(openpty(&master, &slave, NULL, NULL, &size));
        terminal_get_size(slave, &found);
        ASSERT_EQ(found.ws_row, 33);
        ASSERT_EQ(found.ws_col, 101);
        terminal_get_size(null, &found);
        ASSERT_EQ(found.ws_row, 24);
        ASSERT_EQ(found.ws_col, 80);
        /* One whose size was never set. */
        size = (struct winsize){0};
        ASSERT_OK(ioctl(master, TIOCSWINSZ, &size));
        terminal_get_size(slave, &found);
        ASSERT_EQ(found.ws_col, 80);
}
