/* SPDX-License-Identifier: MIT */
#pragma once

/* Where a keeper hears what is to be published (publish.h): a socket in the container's directory in /run.
 * By that directory's descriptor, since its path may be longer than a socket's. */

#include "base/macro.h"

/* Only root can connect to it. Return: a descriptor or a negative errno. */
int publish_socket_listen(int runtime_fd);

/* Return: a descriptor, or a negative errno: -ENOENT or -ECONNREFUSED where no keeper listens. */
int publish_socket_connect(int runtime_fd);
