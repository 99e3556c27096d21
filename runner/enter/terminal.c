/* SPDX-License-Identifier: MIT */

#include "enter/terminal.h"

#define ESCAPE_KEY   0x1d /* Ctrl-] */
#define ESCAPE_TIMES 3
#define ESCAPE_USEC  USEC_PER_SEC

int terminal_make_raw(Terminal *t, int fd, Error *reterr) {
        struct termios raw;

        if (tcgetattr(fd, &t->saved) < 0)
                return error_set(reterr, errno, "ask for the terminal's settings");
        raw = t->saved;
        cfmakeraw(&raw);
        if (tcsetattr(fd, TCSANOW, &raw) < 0)
                return error_set(reterr, errno, "make the terminal raw");
        t->fd = fd;
        t->raw = true;
        return 0;
}

void terminal_renew_raw(const Terminal *t) {
        struct termios raw;

        if (!t->raw)
                return;
        raw = t->saved;
        cfmakeraw(&raw);
        (void) tcsetattr(t->fd, TCSANOW, &raw);
}

void terminal_restore(Terminal *t) {
        if (!t->raw)
                return;
        /* Not TCSADRAIN: it would wait, perhaps for ever, for output that the user has stopped with
         * Ctrl-S. */
        (void) tcsetattr(t->fd, TCSANOW, &t->saved);
        t->raw = false;
}

void terminal_get_size(int fd, struct winsize *ret) {
        struct winsize size = {0};

        if (ioctl(fd, TIOCGWINSZ, &size) < 0 || size.ws_row == 0 || size.ws_col == 0)
                size = (struct winsize){.ws_row = 24, .ws_col = 80};
        *ret = size;
}

bool escape_feed(Escape *e, const char *typed, size_t n, uint64_t now) {
        for (size_t i = 0; i < n; i++) {
                if (typed[i] != ESCAPE_KEY) {
                        e->count = 0;
                        continue;
                }
                if (e->count == 0 || now - e->first_usec > ESCAPE_USEC) {
                        e->count = 0;
                        e->first_usec = now;
                }
                if (++e->count == ESCAPE_TIMES)
                        return true;
        }
        return false;
}
