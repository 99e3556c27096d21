/* SPDX-License-Identifier: MIT */
#pragma once

/* A pipe that ends nspawn when the relay is killed, by the kernel alone: nspawn holds the end for reading,
 * which sends it a signal when the relay's, the only one for writing, is closed (O_ASYNC in fcntl(2)). A
 * container without what sets its network, says that it is ready and serves its ports would run on, and
 * nothing would tell. Nothing is ever written into it. */

#include "base/error.h"

/* nspawn leaves its default action alone, which is to end. Nothing else sends it, so that it says why. */
#define LIFELINE_SIGNAL SIGIO

/* Of the calling process, which becomes nspawn. Both ends are O_CLOEXEC. */
int lifeline_make(int *ret_nspawn_fd, int *ret_relay_fd, Error *reterr);

/* For a relay that has nothing more to do. @nspawn_fd: a descriptor of that end. */
void lifeline_release(int nspawn_fd);
