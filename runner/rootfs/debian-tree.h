/* SPDX-License-Identifier: MIT */
#pragma once

/* What mmdebstrap(1) has made, as a container wants it. */

#include "base/error.h"

/* Takes from a fresh root what mmdebstrap has copied from the host, masks units that make no sense in a
 * container, and sees to it that a container's first boot is not systemd's: each container gets an id of its
 * own. */
int debian_tree_settle(int root_fd, Error *reterr);
