/* SPDX-License-Identifier: MIT */
#pragma once

/* Sockets inside of a container that lead to the host's localhost, as a program of the host serves them
 * (keeper/host-access.h). */

#include "base/error.h"

/* In the network namespace of the calling process. @ports, @socket_fd: see netns_listen(). */
int listen_for_host(char *const *ports, int socket_fd, Error *reterr);
