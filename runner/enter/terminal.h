/* SPDX-License-Identifier: MIT */
#pragma once

/* The user's terminal while it belongs to a program in a container: raw, and given back as it was. */

#include <sys/ioctl.h>
#include <termios.h>

#include "base/error.h"

typedef struct Terminal {
        int fd; /* borrowed */
        bool raw;
        struct termios saved;
} Terminal;

#define TERMINAL_NULL ((Terminal){.fd = -EBADF})

/* Remembers how `fd` is set and makes it raw: every key goes to the other side as it is. */
int terminal_make_raw(Terminal *terminal, int fd, Error *reterr);

/* Raw again, after another program (the shell that brought us back to the foreground) has changed it. */
void terminal_renew_raw(const Terminal *terminal);

/* Does nothing for one that is not raw, so it can be called on every way out. */
void terminal_restore(Terminal *terminal);

/* The size of the terminal `fd`; 80 by 24 when it has none. */
void terminal_get_size(int fd, struct winsize *ret);

/* The way out of a program that has the terminal and does not react: Ctrl-] three times within a second, as
 * for "machinectl shell". */
typedef struct Escape {
        unsigned count;
        uint64_t first_usec;
} Escape;

/* Looks at what was typed. Return: true when it completes the sequence. Pure. */
bool escape_feed(Escape *escape, const char *typed, size_t n, uint64_t now);
