/* SPDX-License-Identifier: MIT */
#pragma once

/* What Nix's daemon does for a user who cannot write beside the store: it keeps what a link leads to from
 * the garbage collector. Its protocol is that of Nix's own programs (worker-protocol.hh). They would ask it,
 * too (`nix-store --add-root`), but make the link themselves, to nothing but a whole store path. */

#include "base/error.h"

/* @link: absolute, a symbolic link to something in the store. FC_EXIT_FAILED: the daemon says no. */
int nix_daemon_add_root(const char *socket_path, const char *link, Error *reterr);

/* The same, spoken over @fd, both ways. @deadline: CLOCK_MONOTONIC, in microseconds. */
int nix_daemon_ask_for_root(int fd, uint64_t deadline, const char *link, Error *reterr);
