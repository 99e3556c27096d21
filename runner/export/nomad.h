/* SPDX-License-Identifier: MIT */
#pragma once

/* Jobs for Nomad, as `nomad job run -json` reads them, of tasks of its podman driver, for a user's podman
 * as quadlets are. A job for each container, since groups of one job have nothing in common that a
 * specification could say: no order, no names. */

#include "export/files.h"

void nomad_print(const ExportRequest *r, ExportFiles *files);
