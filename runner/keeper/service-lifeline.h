/* SPDX-License-Identifier: MIT */
#pragma once

/* A pipe that ends nspawn when the relay is killed, by the kernel alone: nspawn holds the end for
 * reading, which sends it a signal when the relay's, the only one for writing, is closed (O_ASYNC in
 * fcntl(2)). Without the relay the container would run on with neither network nor ports nor word of its
 * readiness, and nothing would tell. The pipe carries no data. */

#include "base/error.h"

/* nspawn leaves its default action alone, which is to end. Nothing else sends this signal, so it tells
 * the cause. */
#define LIFELINE_SIGNAL SIGIO

/* For the calling process, which becomes nspawn. Both ends are O_CLOEXEC. */
int lifeline_make(int *ret_nspawn_fd, int *ret_relay_fd, Error *reterr);

/* Lets a relay end that has nothing more to do. @nspawn_fd: a descriptor of that end. */
void lifeline_release(int nspawn_fd);
