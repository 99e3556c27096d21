/* SPDX-License-Identifier: MIT */
#pragma once

/* What `-H` names: ssh://[USER@]HOST[:PORT]. Pure. */

#include "base/error.h"

typedef struct Destination {
        char *user;    /* NULL: as ssh_config(5) says */
        char *host;    /* a name, an alias of ssh_config(5), or an address without brackets */
        uint16_t port; /* 0: as ssh_config(5) says */
} Destination;

/**
 * destination_parse() - read it
 * @ret: emptied by destination_done(), also after a failure
 *
 * Neither user nor host begins with '-' or holds a character that means something to ssh, rsync or a shell.
 * FC_EXIT_USAGE otherwise.
 */
int destination_parse(const char *text, Destination *ret, Error *reterr);
void destination_done(Destination *d);
