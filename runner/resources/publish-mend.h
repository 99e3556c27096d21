/* SPDX-License-Identifier: MIT */
#pragma once

/* Ports that the keeper of a running container opens and closes, as the commands know them: by what was
 * bound, and by what the state remembers. */

#include "machine/publish.h"
#include "state/state.h"

/* By now it is the keeper's. */
int publish_serve(const PublishPlace *place, const PublishedPort *bound, Error *reterr);

/* It alone, and nothing at the same port of another address. */
int publish_take_back(const PublishPlace *place, const PublishedPort *bound, Error *reterr);

/* Likewise. One that is not there was taken back by a command that was killed after that, or with another of
 * its addresses. */
int publish_take_back_bound(const PublishPlace *place, const BoundPort *bound, Error *reterr);

/* Where what serves its ports was killed alone, which it can be only when it serves all of them: another one
 * takes its place. Return: 0 or 1, or a negative errno. */
int publish_mend(const PublishPlace *place, const ContainerState *state, Error *reterr);
