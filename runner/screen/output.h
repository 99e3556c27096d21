/* SPDX-License-Identifier: MIT */
#pragma once

/* What stands at the other end of stdout or stderr, and so what may be printed there. */

#include "base/macro.h"

typedef struct Output {
        bool terminal; /* a terminal at all */
        bool colour;   /* and one that shows colours to a user who wants them (NO_COLOR, TERM) */
        bool live;     /* lines may be redrawn in place: a terminal, not dumb, not CI, no NO_COLOR */
        bool unicode;  /* the locale is UTF-8 */
        unsigned width, height; /* of the terminal in characters; 0: unknown or none */
} Output;

/* Looks at the fd and at NO_COLOR (no-color.org: set and not empty), CI, TERM and the locale's variables. */
void output_probe(int fd, Output *ret);

/* Reads the size again (TIOCGWINSZ): one cheap call before each drawing sees every resize, without a handler
 * for SIGWINCH. */
void output_update_size(Output *output, int fd);
