/* SPDX-License-Identifier: MIT */
#pragma once

/* Containers' root file systems as an OCI image layout: read as root, where a tree needs root, and written
 * as the user, who can look at nothing there that the container's root could not. No program sees a path of
 * the user's but sha256sum(1), which is given one of ours that leads to an open file. */

#include "context/project.h"
#include "export/export.h"
#include "screen/progress.h"

/* Closes its eyes to nothing: what is left out of a tree (sockets, FIFOs, devices outside of /dev) is
 * noted. */
int export_images(Project *project, const ExportRequest *r, int dir_fd, Progress *progress, Error *reterr);
