/* SPDX-License-Identifier: MIT */
#pragma once

/* What of this machine a specification needs on another one, and what it says there. Pure.
 *
 *   - Root file systems, of wherever, are copied to .images/NAME there; systems of Nix are copied by Nix.
 *   - Files and directories below the project that are only read (an `overlay` is) are copied to the same
 *     place: volumes, credentials, files of variables, SQL, images of OCI.
 *   - A directory that a container writes to would be written to there and not here; a path that is not
 *     in the project, an interface, a bridge, a port of localhost, a command or a variable is one of this
 *     machine. All of these are refused. */

#include "spec/spec.h"

typedef struct TravelItem {
        char *from; /* absolute, here */
        char *to;   /* below the project there */
        bool image; /* all owners, links and attributes count, which needs root on both sides */
} TravelItem;

typedef struct Travel {
        TravelItem *items;
        size_t n_items;
        char **store; /* paths in Nix's store */
} Travel;

/**
 * travel_plan() - what is to be sent
 * @spec: changed to what it has to say there
 * @root: the project's, here
 * @ret: emptied by travel_done(), also after a failure
 *
 * FC_EXIT_USAGE, with the container, for what cannot travel.
 */
int travel_plan(Spec *spec, const char *root, Travel *ret, Error *reterr);
void travel_done(Travel *travel);
