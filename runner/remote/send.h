/* SPDX-License-Identifier: MIT */
#pragma once

/* Sending what remote/travel.h has found: by rsync(1), which sends only what is missing or has changed,
 * and by Nix. All of it goes through the one connection. */

#include "remote/master.h"
#include "remote/travel.h"

typedef struct Sender {
        const Master *master;
        const char *root;      /* of the project here */
        const char *directory; /* of the project there, below the home */
        bool root_there;       /* the user there is root, so an image is written as it is */
        bool rootless;         /* the containers are to be a user's there: so are images, and else root's */
} Sender;

/**
 * send_all() - the specification last, so that what it names is there
 * @spec: as it is to be there
 *
 * FC_EXIT_HOST when something cannot be sent; what sends it has said why.
 */
int send_all(const Sender *sender, const Travel *travel, const Spec *spec, Error *reterr);
